#include "keys/fingerprint.h"

#include "crypto/agreement.h"
#include "crypto/wipe.h"

namespace hf {
namespace {

constexpr uint32_t argon2_memory_kib = 16 << 10;
constexpr uint32_t argon2_passes = 1;
constexpr size_t salt_bytes = 16, shown_bytes = 16;

}  // namespace

Result<Bytes> fingerprint_of(const KeyRing& ring, std::string_view name, BytesView value) {
  const Sha256 salt = hmac_sha256(ring.fingerprint_key(), as_bytes(name));
  const unsigned char* const begin = as_uchar(value);
  const Passphrase secret = Passphrase::take(std::vector<unsigned char>(begin, begin + value.size()));
  const DataKey stretched =
      HF_TRY(argon2id(secret, salt.view().first(salt_bytes), argon2_memory_kib, argon2_passes).during("fingerprint"));
  const Sha256 mac = hmac_sha256(ring.fingerprint_key(), reveal_bytes(stretched, Purpose::DeriveKey));
  return to_bytes(mac.view().first(shown_bytes));
}

}  // namespace hf
