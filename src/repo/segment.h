// IndexSegment: packs, and where each of their chunks lies, as a segment of the index is written (docs/FORMAT.md,
// "Index"). segment_file.h is how one is read.
#pragma once

#include <vector>

#include "base/ids.h"
#include "keys/key_ring.h"
#include "repo/format.h"

namespace hf {

struct PackInfo {
  PackName name;
  PackKind kind = PackKind::Data;
  uint64_t size = 0;
  uint32_t epoch = 0;
};

struct SegmentEntry {
  std::array<std::byte, id_prefix_bytes> prefix;
  uint32_t pack;
  uint32_t ordinal;
};
static_assert(sizeof(SegmentEntry) == 24);

inline constexpr size_t segment_head_bytes = 16, segment_pack_bytes = 48, segment_entry_bytes = sizeof(SegmentEntry);
// What we write at most: the memory of one that is being written or fetched. The format allows four times as many.
inline constexpr size_t segment_entries_written_max = 1u << 20;
inline constexpr size_t segment_bytes_max = size_t{256} << 20;  // sealed

// Where an id stands among others: ids are keyed hashes, so this is spread evenly.
inline uint64_t order_of(const std::byte* prefix) {
  uint64_t value;
  std::memcpy(&value, prefix, sizeof value);
  return __builtin_bswap64(value);
}
inline bool is_before(const SegmentEntry& a, const SegmentEntry& b) {
  return std::memcmp(a.prefix.data(), b.prefix.data(), id_prefix_bytes) < 0;
}

struct IndexSegment {
  std::vector<PackInfo> packs;
  std::vector<SegmentEntry> entries;
  std::vector<Sha256> superseded;

  void add(const PackInfo& pack, const std::vector<ChunkId>& ids);
  void sort();  // by prefix; equal ones by pack and ordinal
};

// Requires: it is sorted.
Bytes encode_segment(const IndexSegment& segment);

}  // namespace hf
