// Nor has it one by way of a stream.
#include <fmt/ostream.h>

#include "base/secret.h"

void leak(const hf::Passphrase& secret) {
  fmt::print("{}", fmt::streamed(secret));
}
