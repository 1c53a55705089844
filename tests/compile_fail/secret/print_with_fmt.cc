// A Secret has no formatter.
#include <fmt/core.h>

#include "base/secret.h"

void leak(const hf::Passphrase& secret) {
  fmt::print("{}", secret);
}
