// PostgresSnapshot: one moment of one database, held by a session of its own so that others can read the same.
//
// All tables are locked (ACCESS SHARE, as reading does) before the moment is chosen, so nobody has altered, truncated
// or dropped one between the moment and its reading. Held until finish().
#pragma once

#include <map>

#include "base/clock.h"
#include "pg/connection.h"

namespace hf {

// What pg_dump dumps the rows of, or the definition: not the system's own, no session's temporary tables, of an
// extension its configuration tables alone. `c` is the table, `n` its schema, `x` the extension.
inline constexpr std::string_view postgres_from_relations = R"(
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am a ON a.oid = c.relam
  LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
    AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  LEFT JOIN pg_extension x ON x.oid = d.refobjid
  WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (d.objid IS NULL OR c.oid = ANY (x.extconfig)))";

// A table whose rows get a file of their own.
struct PostgresTable {
  std::string schema, name;          // UTF-8
  std::string schema_raw, name_raw;  // in the database's encoding
  std::vector<std::string> columns;  // that are stored: generated ones follow from them
  std::string condition;             // which rows: "" all, or "WHERE …" of an extension's configuration table
  uint64_t heap_pages = 0;           // 0: not to be read in parts

  std::string shown() const { return schema + "." + name; }
};

struct PostgresCatalog {
  std::vector<PostgresTable> tables;  // in canonical order of their files
  std::vector<std::string> foreign;   // defined here, their rows are elsewhere
  std::vector<std::string> lost;      // unlogged, of which a standby has no rows
  std::vector<std::string> unlogged;
  std::vector<std::string> in_schema_dump;  // tables that pg_dump shall dump with their rows
  uint64_t large_objects = 0;
};

// How long the other sessions of a backup wait for a lock that the snapshot has already: for somebody who waits for the
// snapshot, so not long.
inline constexpr Duration lock_wait_max = std::chrono::seconds(2);

struct PostgresSnapshotOptions {
  Duration lock_timeout{};
  bool in_recovery = false;
};

// What a standby ends sessions with that are in the way of replay. Transactions that read only get it from nothing
// else.
inline constexpr std::string_view replay_conflict = "40001";
// Such an error with what it means and what mends it; every other as it is.
Error with_replay_hint(Error error, std::string_view sqlstate);

class PostgresSnapshot {
 public:
  static Result<std::unique_ptr<PostgresSnapshot>> take(const PgParameters& server, const std::string& database,
                                                        const PostgresSnapshotOptions& options,
                                                        const Deadline& deadline, std::stop_token stop);

  const std::string& id() const { return id_; }    // for SET TRANSACTION SNAPSHOT and pg_dump --snapshot
  const std::string& lsn() const { return lsn_; }  // of the moment or just after it
  const std::string& encoding() const { return encoding_; }
  const std::string& collate() const { return collate_; }
  const std::string& ctype() const { return ctype_; }
  int server_version() const { return server_version_; }
  const PostgresCatalog& catalog() const { return catalog_; }
  // Of that database on that server.
  const PgParameters& parameters() const { return parameters_; }
  // Statements that lock all tables in another session too; none if that would take too many of the server's locks.
  std::vector<std::string> locks(size_t sessions) const;
  // Somebody waits for it in order to alter, empty or drop a table.
  bool is_waited_for();
  // A standby ended the session because it was in the way of what the primary had done.
  bool is_ended_by_replay();
  // Unavailable: the session was lost, so the locks were too, and what was read may not be of one moment.
  Status finish();

 private:
  explicit PostgresSnapshot(std::unique_ptr<PgConnection> connection);
  Result<std::vector<std::string>> list_lockable();
  Status begin(const PostgresSnapshotOptions& options);
  Status begin_once(bool in_recovery);
  Status read_settings();
  Status read_catalog(bool in_recovery);
  Status read_columns(std::map<std::string, PostgresTable*>& by_oid);
  Status lock(const std::vector<std::string>& names);

  std::unique_ptr<PgConnection> connection_;
  PgParameters parameters_;
  int server_version_ = 0;
  std::string id_, lsn_, encoding_, collate_, ctype_;
  uint64_t locks_max_ = 0;  // that the server has room for
  std::vector<std::string> locked_;
  PostgresCatalog catalog_;
};

}  // namespace hf
