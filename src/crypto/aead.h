// AES-256-GCM (NIST SP 800-38D) with caller-given nonces, which must never repeat under one key:
// see "Keys" in docs/FORMAT.md for why they cannot here.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"

namespace hf {

inline constexpr size_t aead_tag_bytes = 16;
using Nonce = std::array<std::byte, 12>;

// One key, used by one thread at a time.
class Aead {
 public:
  explicit Aead(BytesView key);  // Requires: 32 bytes
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  // Appends ciphertext and tag to `out`.
  void seal(const Nonce& nonce, BytesView aad, BytesView plain, Bytes& out);
  // Corrupt if the bytes, the nonce, the key or the aad are not those of seal().
  Result<Bytes> open(const Nonce& nonce, BytesView aad, BytesView sealed);
  // The same into a buffer that is used again; emptied on failure.
  Status open_into(const Nonce& nonce, BytesView aad, BytesView sealed, Bytes& plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hf
