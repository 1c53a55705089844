// A Secret cannot become a JSON value.
#include <nlohmann/json.hpp>

#include "base/secret.h"

nlohmann::json leak(const hf::Passphrase& secret) {
  nlohmann::json document;
  document["passphrase"] = secret;
  return document;
}
