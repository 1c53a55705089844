#include "source/postgres_snapshot.h"

#include <algorithm>
#include <map>
#include <set>

#include "pg/names.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr int attempts_max = 10;
constexpr size_t names_per_lock = 500;
// What pg_dump is told to leave out stands on its command line, of which the system takes 2 MiB.
constexpr size_t exclusions_bytes_max = 1 << 20;

std::string in_raw(std::string_view column) {
  return "encode(convert_to(" + std::string(column) + "::text, getdatabaseencoding()), 'hex')";
}

std::string from_hex_text(const std::string& hex) {
  return to_text(from_hex(hex).value_or(Bytes()));
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string file_of(const PostgresTable& table) {
  return pg_file_name(table.schema) + "/" + pg_file_name(table.name) + ".copy";
}

Error with_lock_hint(Error error, const std::string& sqlstate) {
  if (sqlstate == "53200") return std::move(error).with_hint("raise max_locks_per_transaction of the server");
  if (sqlstate == "55P03")
    return std::move(error).with_hint("something holds a table exclusively; try again, or raise option lock_timeout");
  return error;
}

}  // namespace

Error with_replay_hint(Error error, std::string_view sqlstate) {
  if (sqlstate != replay_conflict) return error;
  return std::move(error)
      .during("the standby gave the dump up to replay what the primary did")
      .with_hint(
          "on the standby set hot_standby_feedback = on, and max_standby_streaming_delay (and "
          "max_standby_archive_delay) to -1 or to more than a dump takes, then SELECT pg_reload_conf(); no VACUUM "
          "FULL, TRUNCATE, ALTER or DROP of tables on the primary meanwhile");
}

PostgresSnapshot::PostgresSnapshot(std::unique_ptr<PgConnection> connection)
    : connection_(std::move(connection)),
      parameters_(connection_->resolved()),
      server_version_(connection_->server_version()) {}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::take(const PgParameters& server,
                                                                 const std::string& database,
                                                                 const PostgresSnapshotOptions& options,
                                                                 const Deadline& deadline, std::stop_token stop) {
  std::unique_ptr<PgConnection> connection =
      HF_TRY(PgConnection::open(with_database(server, database), deadline, std::move(stop)));
  std::unique_ptr<PostgresSnapshot> snapshot(new PostgresSnapshot(std::move(connection)));
  HF_TRY(snapshot->connection_->run(pg_copy_settings(snapshot->server_version_) + "SET lock_timeout = " +
                                    std::to_string(options.lock_timeout / std::chrono::milliseconds(1))));
  const std::string encoding = HF_TRY(snapshot->connection_->query("SELECT getdatabaseencoding()")).text(0, 0);
  // Such a database may hold what is no UTF-8, and the server checks what it cannot convert.
  if (encoding == "SQL_ASCII") HF_TRY(snapshot->connection_->run("SET client_encoding = 'SQL_ASCII'"));
  HF_TRY(snapshot->begin(options).during("take a snapshot"));
  return snapshot;
}

// A table that is dropped between being listed and being locked is no reason to fail.
Status PostgresSnapshot::begin(const PostgresSnapshotOptions& options) {
  for (int attempt = 1;; ++attempt) {
    Status status = begin_once(options.in_recovery);
    if (status.ok()) return {};
    const std::string sqlstate = connection_->sqlstate();
    if (status.error().code() != Code::NotFound || attempt == attempts_max)
      return with_replay_hint(with_lock_hint(std::move(status).error(), sqlstate), sqlstate);
    HF_TRY(connection_->run("ROLLBACK"));
  }
}

Status PostgresSnapshot::begin_once(bool in_recovery) {
  locked_.clear();
  const std::vector<std::string> names = HF_TRY(list_lockable());
  // The first statement that reads chooses the moment; LOCK does not read.
  HF_TRY(connection_->run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"));
  HF_TRY(lock(names));
  id_ = HF_TRY(connection_->query("SELECT pg_export_snapshot()")).text(0, 0);
  HF_TRY(read_settings());
  HF_TRY(read_catalog(in_recovery));
  // What was made in between is locked now, as pg_dump would.
  const std::set<std::string> locked(names.begin(), names.end());
  std::vector<std::string> missed;
  for (const PostgresTable& table : catalog_.tables)
    if (const std::string name = pg_quoted(table.schema, table.name); !locked.contains(name)) missed.push_back(name);
  return lock(missed);
}

Result<std::vector<std::string>> PostgresSnapshot::list_lockable() {
  const PgRows rows = HF_TRY(connection_->query("SELECT n.nspname, c.relname" + std::string(postgres_from_relations) +
                                                " AND c.relkind <> 'f'"));
  std::vector<std::string> names;
  for (size_t row = 0; row < rows.size(); ++row) names.push_back(pg_quoted(rows.text(row, 0), rows.text(row, 1)));
  return names;
}

Status PostgresSnapshot::lock(const std::vector<std::string>& names) {
  for (size_t begin = 0; begin < names.size(); begin += names_per_lock) {
    std::string list;
    for (size_t i = begin; i < std::min(begin + names_per_lock, names.size()); ++i)
      list += (list.empty() ? "" : ", ") + ("ONLY " + names[i]);
    HF_TRY(connection_->run("LOCK TABLE " + list + " IN ACCESS SHARE MODE").during("lock the tables"));
  }
  locked_.insert(locked_.end(), names.begin(), names.end());
  return {};
}

std::vector<std::string> PostgresSnapshot::locks(size_t sessions) const {
  std::vector<std::string> statements;
  // This session has them already, and pg_dump takes them too. Half of the room is left to others.
  if (locked_.size() * (sessions + 2) > locks_max_ / 2) return statements;
  for (size_t begin = 0; begin < locked_.size(); begin += names_per_lock) {
    std::string list;
    for (size_t i = begin; i < std::min(begin + names_per_lock, locked_.size()); ++i)
      list += (list.empty() ? "" : ", ") + ("ONLY " + locked_[i]);
    statements.push_back("LOCK TABLE " + list + " IN ACCESS SHARE MODE");
  }
  return statements;
}

Status PostgresSnapshot::read_settings() {
  const PgRows rows = HF_TRY(connection_->query(
      "SELECT getdatabaseencoding(), datcollate, datctype,"
      " CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END,"
      " current_setting('max_locks_per_transaction')::int8 *"
      " (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8),"
      " (SELECT count(*) FROM pg_largeobject_metadata)"
      " FROM pg_database WHERE datname = current_database()"));
  if (rows.size() != 1) return Error(Code::NotFound, "the database is gone");
  encoding_ = rows.text(0, 0);
  collate_ = rows.text(0, 1);
  ctype_ = rows.text(0, 2);
  lsn_ = rows.text(0, 3);
  locks_max_ = rows.number(0, 4);
  catalog_.large_objects = rows.number(0, 5);
  return {};
}

Status PostgresSnapshot::read_catalog(bool in_recovery) {
  const PgRows rows = HF_TRY(connection_->query(
      "SELECT c.oid, n.nspname, c.relname, " + in_raw("n.nspname") + ", " + in_raw("c.relname") +
      ", c.relkind, c.relpersistence, x.extcondition[array_position(x.extconfig, c.oid)],"
      " CASE WHEN a.amname = 'heap' THEN pg_relation_size(c.oid) / current_setting('block_size')::int8 END" +
      std::string(postgres_from_relations)));
  const uint64_t large_objects = catalog_.large_objects;
  catalog_ = {.large_objects = large_objects};
  std::vector<std::pair<PostgresTable, std::string>> found;
  size_t exclusions_bytes = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    PostgresTable table{.schema = rows.text(row, 1),
                        .name = rows.text(row, 2),
                        .schema_raw = from_hex_text(rows.text(row, 3)),
                        .name_raw = from_hex_text(rows.text(row, 4)),
                        .condition = rows.text(row, 7),
                        .heap_pages = rows.number(row, 8)};
    const std::string kind = rows.text(row, 5);
    const bool is_unlogged = rows.text(row, 6) == "u";
    if (kind == "f") catalog_.foreign.push_back(table.shown());
    if (kind != "r") continue;
    if (is_unlogged) (in_recovery ? catalog_.lost : catalog_.unlogged).push_back(table.shown());
    if (is_unlogged && in_recovery) continue;
    exclusions_bytes += 2 * (table.schema_raw.size() + table.name_raw.size()) + 64;
    const bool is_utf8 = encoding_ != "SQL_ASCII" || (is_ascii(table.schema) && is_ascii(table.name));
    if (is_utf8 && exclusions_bytes < exclusions_bytes_max)
      found.emplace_back(std::move(table), rows.text(row, 0));
    else
      catalog_.in_schema_dump.push_back(table.shown());
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return compare_paths(file_of(a.first), file_of(b.first)) < 0; });
  std::map<std::string, PostgresTable*> by_oid;
  for (auto& [table, oid] : found) by_oid[oid] = &table;
  HF_TRY(read_columns(by_oid));
  for (auto& [table, oid] : found) {
    const bool is_utf8 = encoding_ != "SQL_ASCII" || std::all_of(table.columns.begin(), table.columns.end(), is_ascii);
    if (is_utf8)
      catalog_.tables.push_back(std::move(table));
    else
      catalog_.in_schema_dump.push_back(table.shown());
  }
  return {};
}

Status PostgresSnapshot::read_columns(std::map<std::string, PostgresTable*>& by_oid) {
  const PgRows rows = HF_TRY(connection_->query(
      "SELECT t.attrelid, t.attname FROM pg_attribute t JOIN pg_class r ON r.oid = t.attrelid AND r.relkind = 'r'"
      " WHERE t.attnum > 0 AND NOT t.attisdropped AND t.attgenerated = '' ORDER BY t.attrelid, t.attnum"));
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto table = by_oid.find(rows.text(row, 0));
    if (table != by_oid.end()) table->second->columns.push_back(rows.text(row, 1));
  }
  return {};
}

bool PostgresSnapshot::is_waited_for() {
  const Result<PgRows> rows = connection_->query(
      "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
      " AND pg_backend_pid() = ANY (pg_blocking_pids(pid))");
  return rows.ok() && rows.value().number(0, 0) > 0;
}

bool PostgresSnapshot::is_ended_by_replay() {
  return !connection_->run("SELECT 1").ok() && connection_->sqlstate() == replay_conflict;
}

Status PostgresSnapshot::finish() {
  Status ended = connection_->run("COMMIT").during("keep the snapshot to the end");
  if (ended.ok()) return {};
  return with_replay_hint(std::move(ended).error(), connection_->sqlstate());
}

}  // namespace hf
