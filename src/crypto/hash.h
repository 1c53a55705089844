// Hashes: BLAKE3-256 plain and keyed (BLAKE3 team, 2020), SHA-256, HMAC-SHA-256 (FIPS 180-4, 198-1).
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/ids.h"

namespace hf {

using Key32 = std::array<std::byte, 32>;  // derived subkeys that live in the KeyRing; see keys/key_ring.h

std::array<std::byte, 32> blake3(BytesView bytes);
std::array<std::byte, 32> blake3_keyed(const Key32& key, BytesView bytes);

// For bytes that come in parts.
class Blake3 {
 public:
  Blake3();
  explicit Blake3(const Key32& key);
  ~Blake3();
  Blake3(Blake3&&) noexcept;
  Blake3& operator=(Blake3&&) noexcept;
  void update(BytesView bytes);
  std::array<std::byte, 32> finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256 sha256(BytesView bytes);

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void update(BytesView bytes);
  Sha256 finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256 hmac_sha256(BytesView key, BytesView bytes);
// Takes the same time whatever the bytes are.
bool equal_secret(BytesView a, BytesView b);

// HKDF-SHA-256 (RFC 5869). Requires: 0 < length <= 8160.
Bytes hkdf(BytesView secret, BytesView salt, std::string_view info, size_t length);

}  // namespace hf
