// ByteRange: bytes of known length that can be read from any place: a file, a part of one, or what is made when asked.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

struct ByteRange {
  uint64_t size = 0;
  // Fills `out` unless the range ends first; returns how much was read. What it refers to must outlive the range.
  std::function<Result<size_t>(uint64_t offset, BytesSpan out)> read_at;

  // Requires: it lies within.
  ByteRange part(uint64_t offset, uint64_t length) const {
    HF_ASSERT(offset <= size);
    HF_ASSERT(length <= size - offset);
    return {length, [from = read_at, offset, length](uint64_t at, BytesSpan out) -> Result<size_t> {
              if (at >= length) return size_t{0};
              return from(offset + at, out.first(std::min<uint64_t>(out.size(), length - at)));
            }};
  }
};

// All of it in order, in blocks of at most `block_size` bytes. Corrupt if it ends early.
inline Status each_block(const ByteRange& range, const std::function<Status(BytesView)>& take,
                         size_t block_size = 256 << 10) {
  Bytes block(std::min<uint64_t>(range.size, block_size));
  for (uint64_t at = 0; at < range.size;) {
    const size_t wanted = std::min<uint64_t>(block.size(), range.size - at);
    const size_t got = HF_TRY(range.read_at(at, BytesSpan(block).first(wanted)));
    if (got == 0) return Error(Code::Corrupt, "a file has become shorter while it was read");
    HF_TRY(take(BytesView(block).first(got)));
    at += got;
  }
  return {};
}

// A range in memory, which must outlive it.
inline ByteRange range_of(BytesView bytes) {
  return {bytes.size(), [bytes](uint64_t at, BytesSpan out) -> Result<size_t> {
            if (at >= bytes.size()) return size_t{0};
            const size_t length = std::min<uint64_t>(out.size(), bytes.size() - at);
            std::memcpy(out.data(), bytes.data() + at, length);
            return length;
          }};
}

}  // namespace hf
