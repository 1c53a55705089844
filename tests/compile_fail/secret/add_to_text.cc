// A Secret cannot be joined to text.
#include <string>

#include "base/secret.h"

std::string leak(const hf::Passphrase& secret) {
  return "x" + secret;
}
