#include "source/sqlite_prove.h"

#include <algorithm>

#include "source/sqlite_facts.h"

namespace hf {
namespace {

constexpr size_t names_shown_max = 20;
// A damaged database can have more faults than anybody reads.
constexpr size_t faults_counted_max = 100;

struct Verdict {
  bool passed = false;
  std::string message;
};

Verdict failed(const Error& error) {
  return {false, error.message()};
}

Verdict check_integrity(SqliteDatabase& database) {
  size_t faults = 0;
  const Status status =
      database.each("PRAGMA integrity_check(" + std::to_string(faults_counted_max) + ")", [&](const SqliteRow& row) {
        if (row.text(0) != "ok") ++faults;
        return Status();
      });
  if (!status.ok()) return failed(status.error());
  if (faults == 0) return {true, "integrity_check is ok"};
  return {false, "integrity_check finds " + std::to_string(faults) +
                     (faults == faults_counted_max ? " faults or more"
                      : faults == 1                ? " fault"
                                                   : " faults")};
}

const TableFact* find(const std::vector<TableFact>& tables, const std::string& name) {
  const auto is_it = [&](const TableFact& table) { return table.name == name; };
  const auto at = std::find_if(tables.begin(), tables.end(), is_it);
  return at == tables.end() ? nullptr : &*at;
}

std::string difference(const TableFact& recorded, const TableFact* found) {
  if (found == nullptr) return recorded.name + " is missing";
  if (found->rows != recorded.rows) {
    return recorded.name + " has " + std::to_string(found->rows) + " rows instead of " + std::to_string(recorded.rows);
  }
  return recorded.name + " has other content";
}

Verdict check_tables(const DatabaseFacts& found, const RecordedSource& recorded) {
  std::vector<std::string> differences;
  uint64_t rows = 0;
  for (const TableFact& table : recorded.tables) {
    const TableFact* const same = find(found.tables, table.name);
    if (same == nullptr || !(*same == table)) differences.push_back(difference(table, same));
    rows += table.rows;
  }
  for (const TableFact& table : found.tables) {
    if (find(recorded.tables, table.name) == nullptr) differences.push_back(table.name + " is not recorded");
  }
  if (differences.empty()) {
    return {true,
            std::to_string(recorded.tables.size()) + " tables with " + std::to_string(rows) + " rows are as recorded"};
  }
  std::string message;
  for (size_t i = 0; i < std::min(differences.size(), names_shown_max); ++i)
    message += (i == 0 ? "" : "; ") + differences[i];
  if (differences.size() > names_shown_max)
    message += "; and " + std::to_string(differences.size() - names_shown_max) + " more";
  return {false, message};
}

Verdict check_schema(const DatabaseFacts& found, const RecordedSource& recorded) {
  const auto at = recorded.facts.find("schema_digest");
  if (at == recorded.facts.end()) return {false, "no digest of the schema is recorded"};
  if (at->second != found.schema_digest) return {false, "the schema is not the one recorded"};
  return {true, "the schema is as recorded"};
}

template <typename Check>
CheckResult timed(Clock& clock, std::string name, Check&& check) {
  const MonoTime begin = clock.mono();
  Verdict verdict = check();
  return {std::move(name), verdict.passed, clock.mono() - begin, std::move(verdict.message)};
}

}  // namespace

Result<std::vector<CheckResult>> prove_sqlite(const SourceWorld& world, const std::string& directory,
                                              const RecordedSource& recorded) {
  const auto file = recorded.facts.find("file");
  if (file == recorded.facts.end() || file->second.find('/') != std::string::npos || !is_valid_path(file->second))
    return Error(Code::Invalid, "source " + recorded.name + " does not record which file it is");
  Clock& clock = world.env.clock;
  std::vector<CheckResult> checks;
  Result<SqliteDatabase> database = SqliteDatabase::open(directory + "/" + file->second, printable(file->second),
                                                         SqliteDatabase::Sharing::Immutable, Duration::zero());
  if (!database.ok()) {
    checks.push_back(timed(clock, "integrity", [&] { return failed(database.error()); }));
    return checks;
  }
  checks.push_back(timed(clock, "integrity", [&] { return check_integrity(database.value()); }));
  std::optional<DatabaseFacts> facts;
  checks.push_back(timed(clock, "tables", [&] {
    Result<DatabaseFacts> read = read_facts(database.value());
    if (!read.ok()) return failed(read.error());
    facts = std::move(read).value();
    return check_tables(*facts, recorded);
  }));
  if (facts) checks.push_back(timed(clock, "schema", [&] { return check_schema(*facts, recorded); }));
  return checks;
}

}  // namespace hf
