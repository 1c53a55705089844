#include "source/sqlite_database.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

namespace hf {
namespace {

constexpr int instructions_between_looks = 20'000;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

Code code_of(int code) {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return Code::Invalid;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::Unavailable;
    case SQLITE_CORRUPT:
      return Code::Corrupt;
    case SQLITE_INTERRUPT:
      return Code::Cancelled;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return Code::Denied;
    default:
      return Code::Failed;
  }
}

std::string reason_of(int code) {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return "it is not a SQLite database, or it is encrypted";
    case SQLITE_BUSY:
      return "it is locked by another program";
    case SQLITE_CANTOPEN:
      return "it, or a file beside it, cannot be opened";
    case SQLITE_READONLY:
      return "it needs recovery, or its directory is not writable";
    default:
      return sqlite3_errstr(code);
  }
}

std::string hint_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
      return "raise busy_timeout of the source, or look for a program that holds a write transaction open";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return "run as a user who may write to the database's directory, or open the database once with its own program";
    default:
      return "";
  }
}

// Of a path as the operator wrote it, where `?`, `#` and `%` are characters like any other.
std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    const bool is_plain = c == '/' || c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') ||
                          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_plain) {
      uri += c;
    } else {
      uri += "%" + to_hex(as_bytes({&c, 1}));
    }
  }
  return uri;
}

}  // namespace

int SqliteRow::columns() const {
  return sqlite3_column_count(statement_);
}
int SqliteRow::type(int column) const {
  return sqlite3_column_type(statement_, column);
}
int64_t SqliteRow::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double SqliteRow::real(int column) const {
  return sqlite3_column_double(statement_, column);
}
std::string SqliteRow::text(int column) const {
  return to_text(bytes(column));
}

BytesView SqliteRow::bytes(int column) const {
  // Text may be UTF-16 in the file; asking for it first makes it UTF-8, and only then the number of bytes is right.
  const void* const at =
      type(column) == SQLITE_BLOB ? sqlite3_column_blob(statement_, column) : sqlite3_column_text(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return {static_cast<const std::byte*>(at), at == nullptr ? 0 : size};
}

Result<SqliteDatabase> SqliteDatabase::open(const std::string& path, std::string shown, Sharing sharing,
                                            Duration busy_timeout) {
  const std::string uri = uri_of(path) + (sharing == Sharing::Immutable ? "?immutable=1" : "");
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(uri.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteDatabase database(raw, std::move(shown));
  if (opened != SQLITE_OK) return database.error(opened, "open");
  const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(busy_timeout).count();
  sqlite3_busy_timeout(raw, static_cast<int>(std::min<int64_t>(wait_ms, INT32_MAX)));
  // The schema is somebody else's: what it can do is reduced to being read.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // To write the log back into the database is the business of its users.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // A mapped page that another program cuts off would be a SIGBUS.
  HF_TRY(database.run("PRAGMA mmap_size = 0"));
  return database;
}

SqliteDatabase::SqliteDatabase(SqliteDatabase&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)), shown_(std::move(other.shown_)) {}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close_v2(database_);
}

Error SqliteDatabase::error(int code, const std::string& doing) const {
  const char* const said = database_ == nullptr ? "" : sqlite3_errmsg(database_);
  return Error(code_of(code), doing + " database " + shown_ + ": " + reason_of(code))
      .with_detail(said)
      .with_hint(hint_of(code));
}

Status SqliteDatabase::each(const std::string& sql, const std::function<Status(const SqliteRow&)>& visit,
                            const std::function<Status()>& before) {
  sqlite3_stmt* raw = nullptr;
  const int prepared = sqlite3_prepare_v2(database_, sql.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
  if (prepared != SQLITE_OK) return error(prepared, "read");
  if (before) HF_TRY(before());
  for (;;) {
    const int stepped = sqlite3_step(raw);
    if (stepped == SQLITE_DONE) return {};
    if (stepped != SQLITE_ROW) return error(stepped, "read");
    HF_TRY(visit(SqliteRow(raw)));
  }
}

Status SqliteDatabase::run(const std::string& sql) {
  return each(sql, [](const SqliteRow&) { return Status(); });
}

Result<std::string> SqliteDatabase::text(const std::string& sql) {
  std::optional<std::string> found;
  HF_TRY(each(sql, [&](const SqliteRow& row) {
    if (!found) found = row.text(0);
    return Status();
  }));
  return found.value_or("");
}

Result<uint64_t> SqliteDatabase::number(const std::string& sql) {
  uint64_t found = 0;
  HF_TRY(each(sql, [&](const SqliteRow& row) {
    found = static_cast<uint64_t>(row.integer(0));
    return Status();
  }));
  return found;
}

void SqliteDatabase::stop_on(const std::stop_token& stop) {
  const auto look = [](void* token) { return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0; };
  sqlite3_progress_handler(database_, instructions_between_looks, look, const_cast<std::stop_token*>(&stop));
}

std::string sql_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace hf
