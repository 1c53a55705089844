// ContentRef: what a file's bytes are made of: extents of chunks, holes and zeros.
//
// Not a list of chunks but of extents {length, chunk, offset in chunk}: so a hole is a hole, many small files share a
// chunk, and a new point of a changed file refers to the parts of old chunks that stayed: always complete, never a
// chain of differences.
#pragma once

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

struct ContentRef {
  ExtentRun run;             // when small
  std::optional<Root> root;  // else
  friend bool operator==(const ContentRef&, const ContentRef&) = default;
};

// Adds an extent, joined with the one before it where they continue each other.
void append_extent(ExtentRun& run, ExtentKind kind, uint64_t length, const ChunkId* id, uint32_t offset);

Bytes encode_content(const ExtentRun& run);
// Corrupt unless the extents name chunks that are there and lengths are positive.
Result<ExtentRun> decode_content(BytesView bytes);

}  // namespace hf
