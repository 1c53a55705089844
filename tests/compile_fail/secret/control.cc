// What must compile, so that the other files fail for the reason they are meant to.
#include <fmt/core.h>
#include <fmt/ostream.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/secret.h"

hf::Passphrase move_on(hf::Passphrase secret) {
  return hf::Passphrase(std::move(secret));
}

void allowed(const hf::Passphrase& secret) {
  nlohmann::json document;
  document["bytes"] = secret.size();
  fmt::print("{}", secret.size());
  std::clog << "x" + std::to_string(secret.reveal(hf::Purpose::DeriveKey).size());
}
