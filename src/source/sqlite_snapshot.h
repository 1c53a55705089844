// SqliteSnapshot: a read transaction, and the database's pages as they are in it.
//
// Nothing is spooled and no writer waits in WAL mode. What is read through SQL while the snapshot lives is of the same
// moment as the pages. SQLite has no way to hand out pages but a virtual table that distributions leave out and a
// backup into a second file; so they are read from the database file and the write-ahead log, both formats being
// documented and stable (sqlite.org/walformat.html), through the connection's own open files. That is right because of
// what the transaction's locks promise: no checkpoint writes a page newer than the snapshot to the file, and the log
// is begun anew only when all of the snapshot is in the file.
#pragma once

#include <unordered_map>

#include "source/sqlite_database.h"

struct sqlite3_file;

namespace hf {

class SqliteSnapshot {
 public:
  // Begins the transaction. Unavailable if the database is locked or changes too fast to be caught.
  static Result<SqliteSnapshot> begin(SqliteDatabase& database);
  // Ends it. `database` outlives the snapshot.
  ~SqliteSnapshot();
  SqliteSnapshot(SqliteSnapshot&& other) noexcept;
  SqliteSnapshot& operator=(SqliteSnapshot&&) = delete;

  uint32_t page_bytes() const { return page_bytes_; }
  uint64_t pages() const { return pages_; }
  bool is_wal() const { return log_.has_value(); }
  // Page `number`, from 1. Requires: `out` is one page.
  Status read(uint64_t number, BytesSpan out);

 private:
  // The head of the index that all connections share of the log: what a reader that begins now sees.
  struct Log {
    uint32_t change = 0, frames = 0, pages = 0;
    std::array<std::byte, 8> checksum{}, salt{};
    friend bool operator==(const Log&, const Log&) = default;
  };

  explicit SqliteSnapshot(SqliteDatabase& database) : database_(&database) {}
  Status begin_once();
  // Ends the transaction and begins it again, until it is known which state of the log it sees.
  Status catch_log();
  // Nothing while it is being changed.
  Result<std::optional<Log>> look_at_log();
  Status find_files();
  Status index_log();
  // False: the log was begun anew.
  Result<bool> read_from_log(uint64_t number, uint32_t frame, BytesSpan out);
  Result<bool> read_frame_head(uint32_t frame, uint32_t* number);
  Status read_file(sqlite3_file* file, uint64_t offset, BytesSpan out);

  SqliteDatabase* database_;
  uint32_t page_bytes_ = 0;
  uint64_t pages_ = 0;
  std::optional<Log> log_;
  std::unordered_map<uint64_t, uint32_t> frames_;  // newest frame in the log, by page
  sqlite3_file* main_file_ = nullptr;
  sqlite3_file* log_file_ = nullptr;
};

}  // namespace hf
