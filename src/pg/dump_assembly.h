// PgDumpAssembly: one archive that stock pg_restore reads, of an archive without rows and the rows of its tables.
//
// The inverse of what a postgres source stores. Nothing is kept: rows pass through once. Without compression the length
// and all offsets are known beforehand, so that it can be streamed into a tar file and still be restored in parallel.
#pragma once

#include "pg/dump_data.h"

namespace hf {

struct PgDumpRows {
  std::string schema, table;
  std::vector<std::string> columns;  // empty: COPY takes no list
  uint64_t bytes = 0;
  std::function<Status(const std::function<Status(BytesView)>& take)> read;  // that many bytes, lines of COPY's text
};

class PgDumpAssembly {
 public:
  // `schema`: a whole archive, without data of the tables named; it must outlive this. Corrupt if it is damaged;
  // Invalid if it has data of one of the tables already; Unsupported for names that its encoding writes in another way.
  static Result<PgDumpAssembly> plan(ByteRange schema, std::vector<PgDumpRows> tables, PgDumpCompression to);

  // Without compression: of all of it.
  uint64_t length() const { return length_; }
  // Of all of it, in order. Corrupt: `read` gave another number of bytes than it was to.
  Status write(const std::function<Status(BytesView)>& put);
  // What the file's beginning is to be: as write() gave it, but with the offsets of data, which with compression are
  // known only now. As long as before. pg_restore -j and --table need them to be fast, and nothing else does.
  Bytes beginning() const { return encode(archive_); }

 private:
  struct Part {
    size_t entry = 0;
    const PgDumpBlock* block = nullptr;  // of the schema's archive; null: rows
    size_t table = 0;
  };
  PgDumpAssembly() = default;
  Status add_tables();
  void place_parts();
  Status write_rows(const PgDumpRows& table, const std::function<Status(BytesView)>& put) const;

  ByteRange schema_;
  std::unique_ptr<PgOpenDump> source_;
  std::vector<PgDumpRows> tables_;
  PgDumpCompression from_ = PgDumpCompression::None, to_ = PgDumpCompression::None;
  PgDump archive_;
  std::vector<Part> parts_;  // in the order of the file
  uint64_t length_ = 0;
};

}  // namespace hf
