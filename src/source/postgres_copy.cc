#include "source/postgres_copy.h"

#include <algorithm>

#include "base/text.h"
#include "pg/names.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t block_bytes = 256 << 10;

std::string in_ms(Duration duration) {
  return std::to_string(duration / std::chrono::milliseconds(1));
}

std::string column_names(const PostgresTable& table) {
  std::vector<std::string> names;
  for (const std::string& column : table.columns) names.push_back(pg_quoted(column));
  return join(names, ", ");
}

// "COPY … TO STDOUT" of all rows, or of those that `condition` chooses.
std::string copy_statement(const PostgresTable& table, const std::string& condition, const std::string& encoding) {
  const std::string name = pg_quoted(table.schema, table.name);
  const std::string what = condition.empty()
                               ? name + " " + pg_column_list(table.columns)
                               : "(SELECT " + column_names(table) + " FROM ONLY " + name + " " + condition + ")";
  return "COPY " + what + " TO STDOUT (FORMAT text, ENCODING " + pg_literal(encoding) + ")";
}

std::string page_range(uint64_t begin, uint64_t end, bool is_last) {
  std::string condition = "WHERE ctid >= '(" + std::to_string(begin) + ",0)'";
  if (!is_last) condition += " AND ctid < '(" + std::to_string(end) + ",0)'";
  return condition;
}

}  // namespace

PostgresCopy::PostgresCopy(Env env, const PostgresSnapshot& snapshot, const PostgresCopyOptions& options,
                           const Deadline& deadline)
    : env_(env), snapshot_(snapshot), options_(options), deadline_(deadline) {
  const size_t tables = snapshot.catalog().tables.size();
  tables_.resize(tables);
  for (size_t table = 0; table < tables; ++table) plan(table);
  lanes_.emplace(units_.size(), options.queue_bytes_max);
}

void PostgresCopy::plan(size_t index) {
  const PostgresTable& table = snapshot_.catalog().tables[index];
  tables_[index].unit = units_.size();
  // Servers before 14 would read the whole table for each range.
  const bool in_ranges = table.condition.empty() && snapshot_.server_version() >= 140000;
  const uint64_t pages = in_ranges ? table.heap_pages : 0, step = options_.pages_per_unit;
  if (pages < 2 * step) {
    units_.push_back({index, copy_statement(table, table.condition, snapshot_.encoding()), {}});
  } else {
    // The last has no end: pages may have been added since they were counted.
    for (uint64_t begin = 0; begin < pages; begin += step)
      units_.push_back(
          {index,
           copy_statement(table, page_range(begin, begin + step, begin + step >= pages), snapshot_.encoding()),
           {}});
  }
  tables_[index].units_end = units_.size();
}

Status PostgresCopy::open(std::stop_token stop) {
  while (sessions_.size() < std::min(options_.jobs, units_.size())) {
    sessions_.push_back(HF_TRY(PgConnection::open(snapshot_.parameters(), deadline_, stop)));
    Status prepared = prepare(*sessions_.back()).during("join the snapshot");
    if (!prepared.ok()) return with_replay_hint(std::move(prepared).error(), sessions_.back()->sqlstate());
  }
  return {};
}

Status PostgresCopy::prepare(PgConnection& connection) {
  HF_TRY(connection.run(pg_copy_settings(snapshot_.server_version()) + "SET lock_timeout = " + in_ms(lock_wait_max)));
  if (snapshot_.encoding() == "SQL_ASCII") HF_TRY(connection.run("SET client_encoding = 'SQL_ASCII'"));
  HF_TRY(connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET TRANSACTION SNAPSHOT " +
                        pg_literal(snapshot_.id())));
  // Now, for once somebody waits to alter a table, later readers wait behind him.
  for (const std::string& statement : snapshot_.locks(options_.jobs)) HF_TRY(connection.run(statement));
  return connection.run("SET lock_timeout = " + in_ms(options_.lock_timeout));
}

void PostgresCopy::start(TaskGroup& tasks) {
  HF_ASSERT(!sessions_.empty() || units_.empty());
  for (const std::unique_ptr<PgConnection>& session : sessions_)
    tasks.start("copy", [this, &session](std::stop_token stop) { return read_units(*session, std::move(stop)); });
}

std::optional<Bytes> PostgresCopy::next(size_t table, std::stop_token stop) {
  Table& at = tables_[table];
  for (; at.unit < at.units_end; ++at.unit) {
    std::optional<Bytes> block = lanes_->pop(at.unit, stop);
    if (block) return block;
    if (stop.stop_requested()) return std::nullopt;
    at.digest.add(units_[at.unit].digest);
  }
  return std::nullopt;
}

Status PostgresCopy::read_units(PgConnection& connection, std::stop_token stop) {
  while (const std::optional<size_t> unit = lanes_->take()) {
    const PostgresTable& table = snapshot_.catalog().tables[units_[*unit].table];
    Status read = read_unit(connection, *unit, stop).during("read table " + printable(table.shown()));
    if (!read.ok()) return with_replay_hint(std::move(read).error(), connection.sqlstate());
  }
  return connection.run("COMMIT");
}

Status PostgresCopy::read_unit(PgConnection& connection, size_t unit, const std::stop_token& stop) {
  PgRowDigest& digest = units_[unit].digest;
  Bytes block;
  bool is_long = false;
  const auto push = [&]() -> Status {
    env_.meter.add(Stage::Read, block.size());
    if (lanes_->push(unit, std::exchange(block, {}), stop)) return {};
    return Error(Code::Cancelled, "stopped");
  };
  const auto take = [&](BytesView row) -> Status {
    digest.add(row);
    while (!row.empty()) {
      if (block.empty() && is_long) block.reserve(block_bytes);
      const BytesView part = row.first(std::min(row.size(), block_bytes - block.size()));
      append(block, part);
      row = row.subspan(part.size());
      is_long = is_long || block.size() == block_bytes;
      if (block.size() == block_bytes) HF_TRY(push());
    }
    return {};
  };
  const uint64_t rows = HF_TRY(connection.copy_out(units_[unit].statement, take));
  if (rows != digest.rows() || !digest.is_between_rows())
    return Error(Code::Failed, "the server says that it sent " + format_count(rows, "row", "rows") + ", and " +
                                   format_count(digest.rows()) + " came");
  if (!block.empty()) HF_TRY(push());
  lanes_->close(unit);
  return {};
}

}  // namespace hf
