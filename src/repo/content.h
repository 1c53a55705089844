// ContentRef: what a file's bytes are made of: extents of chunks, holes and zeros.
//
// Not a list of chunks but of extents {length, chunk, offset in chunk}: so a hole is a hole, many small files share a
// chunk, and a new point of a changed file refers to the parts of old chunks that stayed: always complete, never a
// chain of differences.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace hf {

enum class ExtentKind : uint8_t { Data = 0, Hole = 1, Zeros = 2 };

struct Extent {
  ExtentKind kind = ExtentKind::Data;
  uint64_t length = 0;
  uint32_t chunk = 0;   // Data: position in the ids beside it
  uint32_t offset = 0;  // Data: in that chunk
  friend bool operator==(const Extent&, const Extent&) = default;
};

// Ids and the extents over them.
struct ExtentRun {
  std::vector<ChunkId> ids;
  std::vector<Extent> extents;
  friend bool operator==(const ExtentRun&, const ExtentRun&) = default;
  bool empty() const { return extents.empty(); }
};

// Root of a list (docs/FORMAT.md, "Trees and content").
struct Root {
  ChunkId id;
  uint32_t depth = 0;
  friend bool operator==(const Root&, const Root&) = default;
};

// BLAKE3 of the content's data, in order, without holes and zeros.
using ContentDigest = std::array<std::byte, 32>;

struct ContentRef {
  ExtentRun run;             // when small
  std::optional<Root> root;  // else
  // Recorded where parts are referred to in chunks of earlier points: each chunk is authentic by its id, this says that
  // the right parts of them were put together.
  std::optional<ContentDigest> digest;
  // The same bytes from the same places, whether a digest says so or not.
  friend bool operator==(const ContentRef& a, const ContentRef& b) { return a.run == b.run && a.root == b.root; }
};

// Adds an extent, joined with the one before it where they continue each other.
void append_extent(ExtentRun& run, ExtentKind kind, uint64_t length, const ChunkId* id, uint32_t offset);

Bytes encode_content(const ExtentRun& run);
// Corrupt unless there are extents, they name chunks that are there, and lengths are positive.
Result<ExtentRun> decode_content(BytesView bytes);

}  // namespace hf
