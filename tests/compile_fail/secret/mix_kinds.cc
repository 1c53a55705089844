// A key cannot be taken for a passphrase.
#include <utility>

#include "base/secret.h"

hf::Passphrase leak(hf::DataKey key) {
  return hf::Passphrase(std::move(key));
}
