// SqliteDatabase: one connection of ours to a database file, which never writes to it.
//
// SQLite opens the file itself, through its own VFS: the one exception to "everything goes through Fs". A live database
// is read consistently only by taking part in SQLite's locking protocol, and POSIX locks of a file are lost when any
// descriptor of it is closed in the same process. So nobody else in this program may open a database's files while a
// connection lives.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hf {

class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  int columns() const;
  int type(int column) const;  // SQLITE_INTEGER, …
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  BytesView bytes(int column) const;  // of text in UTF-8, or of a blob; valid until the row is left

 private:
  sqlite3_stmt* statement_;
};

class SqliteDatabase {
 public:
  enum class Sharing : uint8_t {
    Live,       // others may write to it
    Immutable,  // nobody does: no locks are taken and no file is made beside it
  };
  // `shown` names the database in messages. Errors, here and below: Invalid (not SQLite, or encrypted), Unavailable
  // (locked), Denied, Corrupt, Failed.
  static Result<SqliteDatabase> open(const std::string& path, std::string shown, Sharing sharing,
                                     Duration busy_timeout);
  ~SqliteDatabase();
  SqliteDatabase(SqliteDatabase&&) noexcept;
  SqliteDatabase& operator=(SqliteDatabase&&) = delete;

  // `before` is called when the statement is compiled, just before it begins to read.
  Status each(const std::string& sql, const std::function<Status(const SqliteRow&)>& visit,
              const std::function<Status()>& before = {});
  Status run(const std::string& sql);
  // The first column of the first row; "" if there is none.
  Result<std::string> text(const std::string& sql);
  Result<uint64_t> number(const std::string& sql);

  // Statements end soon after stop is requested, as Cancelled. `stop` outlives the calls.
  void stop_on(const std::stop_token& stop);
  const std::string& shown() const { return shown_; }
  sqlite3* handle() const { return database_; }
  Error error(int code, const std::string& doing) const;

 private:
  SqliteDatabase(sqlite3* database, std::string shown) : database_(database), shown_(std::move(shown)) {}

  sqlite3* database_ = nullptr;
  std::string shown_;
};

// `name` as an SQL identifier.
std::string sql_name(std::string_view name);

}  // namespace hf
