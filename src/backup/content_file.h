// ContentFile: a file of a point as bytes that can be read anywhere.
#pragma once

#include <memory>

#include "backup/record_cache.h"
#include "base/byte_range.h"
#include "repo/content.h"

namespace hf {

// Keeps a list of the file's extents, about 64 bytes each, and the record that was opened last (8 MiB at most). One
// thread.
class ContentFile {
 public:
  // `size` as its entry says; Corrupt if the content is of another length. `chunks` must outlive it.
  static Result<std::unique_ptr<ContentFile>> open(ChunkReader& chunks, const ContentRef& content, uint64_t size);
  // Good as long as this is.
  ByteRange range();

 private:
  struct Span {
    uint64_t begin = 0, length = 0;
    std::optional<ChunkId> chunk;  // nothing: zeros
    uint32_t offset = 0;           // in the chunk
  };
  explicit ContentFile(ChunkReader& chunks) : records_(chunks) {}
  Result<size_t> read_at(uint64_t at, BytesSpan out);
  Status fill(const Span& span, uint64_t skip, BytesSpan out);

  RecordCache records_;
  std::vector<Span> spans_;
  uint64_t size_ = 0;
};

}  // namespace hf
