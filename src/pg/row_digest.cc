#include "pg/row_digest.h"

#define XXH_INLINE_ALL  // rows are short: a call of the library costs as much as their hash
#include <xxhash.h>

#include "base/result.h"

namespace hf {

struct PgRowDigest::Begun {
  XXH3_state_t state;
};

PgRowDigest::PgRowDigest() = default;
PgRowDigest::~PgRowDigest() = default;
PgRowDigest::PgRowDigest(PgRowDigest&&) noexcept = default;
PgRowDigest& PgRowDigest::operator=(PgRowDigest&&) noexcept = default;

void PgRowDigest::sum(uint64_t high, uint64_t low) {
  const bool carry = __builtin_add_overflow(low_, low, &low_);
  high_ += high + (carry ? 1 : 0);
}

void PgRowDigest::add(BytesView copy_text) {
  while (!copy_text.empty()) {
    const void* const newline = std::memchr(copy_text.data(), '\n', copy_text.size());
    const size_t length =
        newline ? static_cast<size_t>(static_cast<const std::byte*>(newline) - copy_text.data()) : copy_text.size();
    if (newline && !is_within_row_) {
      const XXH128_hash_t hash = XXH3_128bits(copy_text.data(), length);
      sum(hash.high64, hash.low64);
      ++rows_;
    } else {
      if (!begun_) begun_ = std::make_unique<Begun>();
      if (!is_within_row_) XXH3_128bits_reset(&begun_->state);
      XXH3_128bits_update(&begun_->state, copy_text.data(), length);
      is_within_row_ = newline == nullptr;
      if (newline) {
        const XXH128_hash_t hash = XXH3_128bits_digest(&begun_->state);
        sum(hash.high64, hash.low64);
        ++rows_;
      }
    }
    copy_text = copy_text.subspan(newline ? length + 1 : length);
  }
}

void PgRowDigest::add(const PgRowDigest& other) {
  HF_ASSERT(is_between_rows());
  HF_ASSERT(other.is_between_rows());
  rows_ += other.rows_;
  sum(other.high_, other.low_);
}

Bytes PgRowDigest::digest() const {
  Bytes bytes(16);
  for (size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::byte>(high_ >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::byte>(low_ >> (56 - 8 * i));
  }
  return bytes;
}

}  // namespace hf
