// PostgresCopy: the rows of a database's tables, read by several sessions in one snapshot, given in order.
//
// A table of more than a unit (16 MiB of heap) is read in ranges of its pages, so that one large table keeps all
// sessions busy. Rows are counted and digested where they come in, before anything else handles them, and each COPY
// must end with the server's own count of them. Memory: `queue_bytes_max` for all sessions together, a block for each,
// and what libpq holds of the row at hand: it hands rows over whole, so up to three times the widest row a session.
#pragma once

#include "base/env.h"
#include "base/task_group.h"
#include "pg/row_digest.h"
#include "source/ordered_lanes.h"
#include "source/postgres_snapshot.h"

namespace hf {

struct PostgresCopyOptions {
  size_t jobs = 2;
  Duration lock_timeout{};
  size_t queue_bytes_max = 64 << 20;
  uint64_t pages_per_unit = 2048;  // 16 MiB
};

class PostgresCopy {
 public:
  PostgresCopy(Env env, const PostgresSnapshot& snapshot, const PostgresCopyOptions& options, const Deadline& deadline);
  // Opens the sessions. An error with SQLSTATE 55P03: somebody waits to alter a table that the snapshot has locked, so
  // the sessions would wait behind him, and he for the snapshot.
  Status open(std::stop_token stop);
  // They begin to read, in `tasks`, which is joined before this dies. Requires: open() returned well.
  void start(TaskGroup& tasks);
  // The next block of catalog().tables[table]; nothing at its end, or when the tasks were stopped. Requires: tables in
  // their order.
  std::optional<Bytes> next(size_t table, std::stop_token stop);
  // Of a table whose end was seen.
  const PgRowDigest& digest(size_t table) const { return tables_[table].digest; }

 private:
  struct Unit {
    size_t table = 0;
    std::string statement;
    PgRowDigest digest;
  };
  struct Table {
    size_t unit = 0, units_end = 0;  // the one at hand; behind the last
    PgRowDigest digest;
  };

  void plan(size_t table);
  Status read_units(PgConnection& connection, std::stop_token stop);
  Status prepare(PgConnection& connection);
  Status read_unit(PgConnection& connection, size_t unit, const std::stop_token& stop);

  Env env_;
  const PostgresSnapshot& snapshot_;
  const PostgresCopyOptions options_;
  const Deadline deadline_;
  std::vector<Unit> units_;
  std::vector<Table> tables_;
  std::vector<std::unique_ptr<PgConnection>> sessions_;
  std::optional<OrderedLanes> lanes_;
};

}  // namespace hf
