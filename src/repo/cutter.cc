#include "repo/cutter.h"

#include <bit>

#include "crypto/codec.h"
#include "repo/format.h"

namespace hf {
namespace {

constexpr size_t window_bytes = 64;  // a Gear hash of 64 bits forgets what is older

uint64_t threshold(const CutSizes& sizes, int shift) {
  const int bits = std::bit_width(sizes.average - sizes.min) - 1;
  return uint64_t{1} << (64 - bits - shift);
}

}  // namespace

Cut find_cut(const GearTable& gear, BytesView bytes, const CutSizes& sizes, bool is_last, size_t searched) {
  const size_t limit = std::min<size_t>(bytes.size(), sizes.max);
  const size_t normal = std::min<size_t>(limit, sizes.average);
  const auto* at = as_uchar(bytes);
  const uint64_t strict = threshold(sizes, 1), loose = threshold(sizes, -1);
  uint64_t hash = 0;
  const size_t begin = std::max<size_t>(searched, sizes.min);
  size_t i = begin - window_bytes;
  for (const size_t warm = std::min(limit, begin); i < warm; ++i) hash = (hash << 1) + gear[at[i]];
  for (; i < normal; ++i) {
    hash = (hash << 1) + gear[at[i]];
    if (hash < strict) return {.length = i + 1, .hash = hash};
  }
  for (; i < limit; ++i) {
    hash = (hash << 1) + gear[at[i]];
    if (hash < loose) return {.length = i + 1, .hash = hash};
  }
  if (limit == sizes.max || is_last) return {.length = limit, .hash = hash};
  return {};
}

bool ends_chunk(uint64_t hash, size_t length, const CutSizes& chunk, const CutSizes& piece) {
  if (length + piece.max > chunk.max) return true;
  if (length < chunk.min) return false;
  // The high bits said that the piece ends; a multiplication spreads the low ones for the second question.
  const int bits = std::bit_width((chunk.average - chunk.min) / piece.average) - 1;
  return (hash * 0x9e3779b97f4a7c15) >> (64 - bits) == 0;
}

CutClass classify(BytesView head, uint64_t size, uint32_t& page_bytes) {
  if (size != 0 && size <= small_file_bytes_max) return CutClass::Whole;
  if (head.size() >= 4096 && is_incompressible(head)) return CutClass::Media;
  const bool is_tar = head.size() > 262 && as_text(head.subspan(257, 5)) == "ustar";
  bool is_text = true;
  for (const std::byte b : head.first(std::min<size_t>(head.size(), 4096))) is_text = is_text && b != std::byte{0};
  // A large binary file of whole 4 KiB blocks is a database, a disk image or the like: rewritten in place, page by
  // page.
  if (!is_tar && !is_text && size >= (1u << 20) && size % 4096 == 0) {
    page_bytes = size % 8192 == 0 ? 8192 : 4096;
    return CutClass::Pages;
  }
  return CutClass::Stream;
}

}  // namespace hf
