// Cutting: where pieces and chunks of a stream end.
//
// A **piece** (a few KiB) is what a change is found by; a **chunk** (a few hundred KiB) is what is indexed and referred
// to. Ends are found by the content itself: a Gear hash (Xia et al., FastCDC, 2016) over the last 64 bytes with a table
// made from the repository's key, below a threshold that is stricter before the average size than behind it (FastCDC's
// normalisation). So an insertion moves ends only where it is. Pages of database files are cut where the pages are.
// Keyed cutting is no secret: what hides lengths is that no length stands in the clear (docs/FORMAT.md, "Packs").
//
// Arithmetic: one row in a hundred of 130 bytes changed, scattered: at 64 KiB chunks every chunk is new; at 8 KiB
// pieces 1 - 0.99^63 = 47 %; a fingerprint of 16 bytes every 8 KiB is 0.2 % of the raw size.
#pragma once

#include "keys/key_ring.h"

namespace hf {

struct CutSizes {
  uint32_t min = 0, average = 0, max = 0;  // bytes; powers of two, min >= 64
};

enum class CutClass : uint8_t {
  Whole,   // small files: one chunk, no pieces
  Stream,  // text, dumps, output: pieces by content, chunks of pieces
  Pages,   // database files and disk images: pieces of one page, chunks of 256 KiB
  Media,   // what does not compress: large chunks by content, no pieces
};

inline constexpr CutSizes piece_sizes{.min = 2u << 10, .average = 8u << 10, .max = 32u << 10};
inline constexpr CutSizes stream_chunk_sizes{.min = 64u << 10, .average = 256u << 10, .max = 1u << 20};
inline constexpr CutSizes media_chunk_sizes{.min = 256u << 10, .average = 1u << 20, .max = 4u << 20};
inline constexpr uint32_t page_chunk_bytes = 256u << 10;

struct Cut {
  size_t length = 0;
  uint64_t hash = 0;  // at the end of it; evenly distributed when the content decided
};

// The first end in `bytes`. If none is in it and it is shorter than sizes.max: length 0 (give more), or all of it when
// `is_last`. `searched`: so many of its first bytes were given before and had no end in them.
Cut find_cut(const GearTable& gear, BytesView bytes, const CutSizes& sizes, bool is_last, size_t searched = 0);

// True if a piece that ended with `hash` ends a chunk too, which is now `length` long.
bool ends_chunk(uint64_t hash, size_t length, const CutSizes& chunk, const CutSizes& piece);

// How to cut a file that begins with `head` and is `size` bytes long (0: unknown). Page size in `page_bytes`.
CutClass classify(BytesView head, uint64_t size, uint32_t& page_bytes);

}  // namespace hf
