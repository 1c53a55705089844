// A Secret cannot be written to a stream.
#include <iostream>

#include "base/secret.h"

void leak(const hf::Passphrase& secret) {
  std::clog << secret;
}
