// RecordCache: data chunks one after the other, remembering the record that the last one came from.
#pragma once

#include "repo/chunk_reader.h"

namespace hf {

class RecordCache {
 public:
  explicit RecordCache(ChunkReader& chunks) : chunks_(chunks) {}
  // Valid until the next call. Corrupt if the chunk is in no pack: NotFound would tell the caller that he asked for the
  // wrong name.
  Result<BytesView> chunk(const ChunkId& id);

 private:
  ChunkReader& chunks_;
  Bytes raw_;
  uint32_t pack_ = 0, record_ = 0;
  bool any_ = false;
};

// What of the above is NotFound, as damage.
Error as_damage(Error error);

}  // namespace hf
