// Data of an archive's blocks: pieces, each with its length, of a stream that may be compressed.
#pragma once

#include <memory>

#include "pg/dump_format.h"

namespace hf {

// The bytes of a Data block, decompressed. Unsupported for LZ4.
Status read_pg_dump_data(const ByteRange& file, const PgDumpBlock& block, PgDumpCompression compression,
                         const std::function<Status(BytesView)>& take);

// Writes a block again with the number `dump_id` and another compression; what is compressed alike is copied as it is.
struct PgDumpBlockCopy {
  PgDumpCompression from, to;
  int64_t dump_id;
};
Status copy_pg_dump_block(const ByteRange& file, const PgDumpBlock& block, const PgDumpBlockCopy& copy,
                          const std::function<Status(BytesView)>& put);

// The pieces of one stream under construction. Requires for `to`: None or Gzip.
class PgDumpDataWriter {
 public:
  PgDumpDataWriter(PgDumpCompression to, std::function<Status(BytesView)> put);
  ~PgDumpDataWriter();
  Status add(BytesView bytes);
  // And the zero that ends it.
  Status finish();

  // How long a stream of `bytes` becomes without compression.
  static uint64_t length_of(uint64_t bytes);

 private:
  struct Deflate;
  Status put_piece(BytesView bytes);
  Status gather(BytesView bytes);

  const std::function<Status(BytesView)> put_;
  Bytes gathered_;
  std::unique_ptr<Deflate> deflate_;  // null: not compressed
};

// What stands before a block's pieces.
Bytes encode_pg_dump_block_head(PgDumpBlock::Type type, int64_t dump_id);

}  // namespace hf
