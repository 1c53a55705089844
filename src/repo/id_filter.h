// IdFilter: whether a set may hold an id. "No" is certain; of the ids that it does not hold about one in eighty is a
// "yes".
//
// A Bloom filter in blocks of one cache line: 10 bits an entry, 7 of which each id sets. Ids are keyed hashes, so their
// own bits serve: the leading 8 bytes choose the block, and ids added in their order fill it in order; the next 8
// choose the bits. Four million ids are 5 MB.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "repo/segment.h"

namespace hf {

class IdFilter {
 public:
  explicit IdFilter(uint64_t ids) : blocks_((ids * bits_per_id + block_bits - 1) / block_bits) {}

  // `prefix`: id_prefix_bytes of it.
  void add(const std::byte* prefix) {
    Block& block = blocks_[block_of(prefix)];
    for_each_bit(prefix, [&](unsigned bit) {
      block.words[bit / 64] |= uint64_t{1} << bit % 64;
      return true;
    });
  }
  bool may_hold(const std::byte* prefix) const {
    if (blocks_.empty()) return false;
    const Block& block = blocks_[block_of(prefix)];
    return for_each_bit(prefix, [&](unsigned bit) { return (block.words[bit / 64] >> bit % 64 & 1) != 0; });
  }
  size_t memory_bytes() const { return blocks_.size() * sizeof(Block); }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned block_bits = 512, bits_per_id = 10, bits_set = 7, bits_of_choice = 9;
  struct alignas(block_bits / 8) Block {
    std::array<uint64_t, block_bits / 64> words{};
  };

  size_t block_of(const std::byte* prefix) const {
    return static_cast<size_t>(static_cast<Wide>(order_of(prefix)) * blocks_.size() >> 64);
  }
  template <typename Use>
  static bool for_each_bit(const std::byte* prefix, Use&& use) {
    uint64_t choice = load_le<uint64_t>(prefix + sizeof(uint64_t));
    for (unsigned i = 0; i < bits_set; ++i, choice >>= bits_of_choice)
      if (!use(static_cast<unsigned>(choice % block_bits))) return false;
    return true;
  }

  std::vector<Block> blocks_;
};

}  // namespace hf
