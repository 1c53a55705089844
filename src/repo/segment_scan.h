// SegmentScan: one pass over a decoded segment that checks it and gathers what is kept of it in memory.
//
// Of 256 entries (6 KiB: a block) it keeps the leading 8 bytes of the first one, by which a lookup finds the one block
// that it must read, and 8 bytes of a keyed hash, by which it sees that the block is still what was checked here. With
// 10 bits an entry of the filter that is 1.3 bytes an entry. The whole is authenticated by a keyed hash too.
#pragma once

#include "repo/id_filter.h"
#include "repo/segment_bytes.h"

namespace hf {

inline constexpr size_t block_entries = 256, block_bytes = block_entries * segment_entry_bytes;
using SegmentMac = std::array<std::byte, 32>;

// Of one segment: made from the ring's cache key and the segment's name, so that none passes for another.
class SegmentKeys {
 public:
  SegmentKeys(const Key32& cache_key, std::string_view name);
  uint64_t tag(BytesView block) const;

 private:
  friend class SegmentScan;
  WipedKey block_, whole_;
};

struct SegmentSummary {
  std::vector<PackInfo> packs;
  std::vector<uint32_t> chunk_counts;  // by pack: one more than the highest ordinal
  uint64_t entries = 0;
  std::vector<uint64_t> fence;  // order_of() the first entry of each block
  std::vector<uint64_t> tags;   // of each block
  IdFilter filter{0};
  SegmentMac mac{};

  uint64_t entries_offset() const { return segment_head_bytes + packs.size() * segment_pack_bytes; }
  size_t memory_bytes() const;
};

// Corrupt unless sizes add up, entries are sorted and every pack number exists. Whether it is authentic the caller
// decides, by the MAC; nothing read so far was believed, and memory is bounded by the length of `bytes`.
Result<SegmentSummary> scan_segment(const SegmentBytes& bytes, const SegmentKeys& keys);

}  // namespace hf
