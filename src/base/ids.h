// Digest and Id: 32-byte and short strong types, so that one id is not taken for another.
#pragma once

#include <compare>
#include <functional>

#include "base/bytes.h"

namespace hf {

template <typename Tag, size_t size_bytes>
struct FixedId {
  static constexpr size_t size = size_bytes;
  std::array<std::byte, size_bytes> bytes{};

  friend auto operator<=>(const FixedId&, const FixedId&) = default;
  BytesView view() const { return bytes; }
  std::string hex() const { return to_hex(bytes); }
  static std::optional<FixedId> from(BytesView view) {
    if (view.size() != size_bytes) return std::nullopt;
    FixedId id;
    std::memcpy(id.bytes.data(), view.data(), size_bytes);
    return id;
  }
  static std::optional<FixedId> parse(std::string_view hex_digits) {
    const std::optional<Bytes> raw = from_hex(hex_digits);
    return raw ? from(*raw) : std::nullopt;
  }
};

using ChunkId = FixedId<struct ChunkIdTag, 32>;    // keyed hash of a chunk's bytes
using PackName = FixedId<struct PackNameTag, 32>;  // BLAKE3-256 of a pack's bytes
using Sha256 = FixedId<struct Sha256Tag, 32>;      // of a signed object
using RepositoryId = FixedId<struct RepositoryIdTag, 16>;
using PointId = FixedId<struct PointIdTag, 16>;  // first half of the SHA-256 of a manifest object

// Ids are uniformly distributed already.
struct IdHash {
  template <typename Tag, size_t n>
  size_t operator()(const FixedId<Tag, n>& id) const {
    size_t value;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};

}  // namespace hf
