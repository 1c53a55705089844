// PgDumpFollow: an archive that passes by, judged by whether it is whole.
//
// pg_dump's exit status does not tell it: a wrapper, a shell or a pipe can cut the output and end well. Nothing is kept
// but the item at hand (a head, an entry of the table of contents) and 16 bytes for each entry that has data.
#pragma once

#include <unordered_map>

#include "pg/dump_format.h"

namespace hf {

class PgDumpCursor;

class PgDumpFollow {
 public:
  // The next bytes, cut anywhere. Corrupt: they are not how an archive goes on. Unsupported: its version is not known.
  Status feed(BytesView bytes);
  // Corrupt: the archive goes on behind the last byte.
  Status finish() const;

 private:
  enum class At : uint8_t { Head, Count, Entry, Block, Object, Piece };

  Status step(PgDumpCursor& in);
  Status step_entry(PgDumpCursor& in);
  Status step_block(PgDumpCursor& in);
  Status step_piece(PgDumpCursor& in);
  bool is_between_blocks() const { return at_ == At::Block && pending_.empty() && piece_left_ == 0; }

  At at_ = At::Head;
  Bytes pending_;  // begun and not ended by what was fed
  uint8_t minor_ = 0;
  int64_t entries_left_ = 0;
  uint64_t contents_bytes_ = 0;
  uint64_t piece_left_ = 0;  // of the piece of data at hand
  bool in_large_objects_ = false;
  std::unordered_map<int64_t, bool> has_block_;  // by entry that has data
};

}  // namespace hf
