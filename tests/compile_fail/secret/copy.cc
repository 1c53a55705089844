// A Secret cannot be copied: every copy is another to wipe.
#include "base/secret.h"

hf::Passphrase leak(const hf::Passphrase& secret) {
  return secret;
}
