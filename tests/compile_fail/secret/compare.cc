// A Secret has no comparison: it would take a time that depends on the bytes.
#include "base/secret.h"

bool leak(const hf::Passphrase& a, const hf::Passphrase& b) {
  return a == b;
}
