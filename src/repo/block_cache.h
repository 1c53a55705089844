// BlockCache: blocks of index segments that were read and checked lately.
//
// Ids have no order, so what a walk comes to next is anywhere: this helps as far as it reaches. 16 MiB hold 700,000
// entries, the index of 170 GiB at 256 KiB a chunk, and a lookup takes 0.6 µs; beyond, more and more of them read their
// block: 5 µs. Who has very many to look up does it in their order (usage.cc). Safe to use from several threads.
#pragma once

#include <atomic>

#include "base/sync.h"
#include "repo/segment_scan.h"

namespace hf {

class BlockCache {
 public:
  using Block = std::array<SegmentEntry, block_entries>;

  explicit BlockCache(size_t bytes = size_t{16} << 20) : slots_(bytes / sizeof(Block)) {}

  // A number for a segment, never given twice.
  uint32_t new_owner() { return ++owners_; }

  // use(block), after fill(block) if it is not here. A block that could not be filled is forgotten.
  template <typename Fill, typename Use>
  Status with(uint32_t owner, uint32_t number, Fill&& fill, Use&& use) {
    const uint64_t key = uint64_t{owner} << 32 | number;
    return slots_[(key * 0x9e3779b97f4a7c15u >> 32) % slots_.size()].with([&](Slot& slot) -> Status {
      if (slot.key != key) {
        slot.key = 0;
        if (!slot.block) slot.block = std::make_unique<Block>();
        HF_TRY(fill(*slot.block));
        slot.key = key;
      }
      use(std::as_const(*slot.block));
      return {};
    });
  }

 private:
  struct Slot {
    uint64_t key = 0;  // 0: nothing
    std::unique_ptr<Block> block;
  };

  std::atomic<uint32_t> owners_{0};
  std::vector<Guarded<Slot>> slots_;
};

}  // namespace hf
