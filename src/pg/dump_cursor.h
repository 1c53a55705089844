// PgDumpCursor: bytes, integers and texts of an archive in order, each checked against what is left.
#pragma once

#include <optional>
#include <string>

#include "base/byte_range.h"

namespace hf {

class PgDumpCursor {
 public:
  PgDumpCursor(const ByteRange& file, uint64_t offset) : file_(file), at_(offset) {}

  uint64_t offset() const { return at_; }
  uint64_t left() const { return file_.size - at_; }
  bool is_at_end() const { return at_ == file_.size; }
  // More was wanted than there is: of a part that is all that came so far, no damage.
  bool has_run_out() const { return has_run_out_; }

  Result<uint8_t> byte();
  Result<int64_t> integer();
  // A text of a null pointer's length is nothing.
  Result<std::optional<std::string>> text();
  Result<uint64_t> little_endian_64();
  Status read(BytesSpan out);
  Status skip(uint64_t length);

 private:
  Error cut_short();

  const ByteRange& file_;
  uint64_t at_ = 0;
  Bytes buffer_;
  uint64_t buffer_at_ = 0;
  bool has_run_out_ = false;
};

}  // namespace hf
