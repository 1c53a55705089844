#include "source/sqlite_queries.h"

#include <sqlite3.h>

#include "source/options.h"
#include "source/sqlite_database.h"
#include "source/sqlite_facts.h"

namespace hf {
namespace {

constexpr int steps_between_looks = 1000;  // of SQLite's machine: some microseconds

struct Limits {
  const Deadline& deadline;
  const std::stop_token& stop;
};

int is_over(void* context) {
  const Limits& limits = *static_cast<const Limits*>(context);
  return limits.stop.stop_requested() || limits.deadline.passed() ? 1 : 0;
}

// Why a statement ended before its time, if it was us.
Error ended(const Error& error, const Limits& limits) {
  if (limits.stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
  if (limits.deadline.passed()) return Error(Code::Timeout, "the query took too long");
  return error.clone();
}

class SqliteQueries final : public Queries {
 public:
  SqliteQueries(SqliteDatabase database, std::string path) : database_(std::move(database)), path_(std::move(path)) {}

  Result<QueryAnswer> ask(const Query& query, const Deadline& deadline, std::stop_token stop) override {
    if (!query.database.empty()) return Error(Code::Invalid, "SQLite has one database, which needs no name");
    QueryAnswer answer;
    Limits limits{deadline, stop};
    sqlite3_progress_handler(database_.handle(), steps_between_looks, is_over, &limits);
    const Status asked = database_.each(query.sql, [&](const SqliteRow& row) {
      if (++answer.rows == 1 && row.columns() > 0 && row.type(0) != SQLITE_NULL) answer.value = row.text(0);
      return Status();
    });
    sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
    if (!asked.ok()) return ended(asked.error(), limits);
    return answer;
  }

  Result<std::vector<TableFact>> tables(const Deadline& deadline, std::stop_token stop) override {
    Limits limits{deadline, stop};
    sqlite3_progress_handler(database_.handle(), steps_between_looks, is_over, &limits);
    Result<DatabaseFacts> facts = read_facts(database_);
    sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
    if (!facts.ok()) return ended(facts.error(), limits);
    return std::move(facts).value().tables;
  }

  Result<std::map<std::string, std::string>> variables(const std::string&) override {
    return std::map<std::string, std::string>{{"HOLDFAST_DATABASE", path_}};
  }

 private:
  SqliteDatabase database_;
  const std::string path_;
};

}  // namespace

Result<std::unique_ptr<Queries>> query_restored_sqlite(const SourceWorld&, const RestoredPlace& place) {
  const RecordedSource& recorded = place.recorded;
  const auto file = recorded.facts.find("file");
  if (file == recorded.facts.end() || file->second.find('/') != std::string::npos || !is_valid_path(file->second))
    return Error(Code::Invalid, "source " + recorded.name + " does not record which file it is");
  const std::string path = place.directory + "/" + file->second;
  SqliteDatabase database =
      HF_TRY(SqliteDatabase::open(path, printable(file->second), SqliteDatabase::Sharing::Immutable, Duration::zero()));
  return std::make_unique<SqliteQueries>(std::move(database), path);
}

Result<std::unique_ptr<Queries>> query_live_sqlite(const SourceWorld& world, const SourceOptions& options) {
  const std::string given = HF_TRY(text_option(options, "path"));
  const std::string path = HF_TRY(world.fs.absolute(given));
  const Duration busy = HF_TRY(span_option(options, "busy_timeout", std::chrono::seconds(30)));
  SqliteDatabase database = HF_TRY(SqliteDatabase::open(path, printable(path), SqliteDatabase::Sharing::Live, busy));
  return std::make_unique<SqliteQueries>(std::move(database), path);
}

}  // namespace hf
