#include "pg/load_rows.h"

#include <algorithm>
#include <set>

#include "base/task_group.h"
#include "pg/names.h"
#include "pg/read_ahead.h"
#include "pg/row_digest.h"
#include "pg/sqlstate.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t block_bytes = 1 << 20;
// Below, a second file for a table costs more than logging its rows.
constexpr uint64_t new_file_bytes_min = 64 << 10;
constexpr uint64_t read_ahead_bytes_min = 4 << 20;
constexpr size_t read_ahead_blocks = 4;
constexpr Duration session_time_max = std::chrono::hours(24 * 30);

struct Sized {
  const PgTocTable* table = nullptr;
  uint64_t bytes = 0;
};

// One table, read once: to the server and into the digest.
class TableLoad {
 public:
  TableLoad(const PgRowsRequest& request, PgLoadLog& log, PgConnection& connection, const Sized& sized)
      : request_(request), log_(log), connection_(connection), table_(*sized.table), bytes_(sized.bytes) {}

  Status run() {
    file_ = HF_TRY(request_.files.open(request_.prefix + table_.file));
    if (bytes_ >= read_ahead_bytes_min) ahead_.emplace(*file_, block_bytes, read_ahead_blocks);
    Status status = transaction();
    if (status.ok()) return {};
    // A connection that broke has no SQLSTATE of its own, and is no reason to go on.
    const std::string state = is_refused_ ? connection_.sqlstate() : "";
    const bool is_refusal = !state.empty() && connection_.run("ROLLBACK").ok();
    Error error = in_words(std::move(status).error(), state, shown());
    if (!request_.go_on || !is_refusal) return error;
    ++log_.errors;
    log_.note(error.message());
    return {};
  }

 private:
  std::string shown() const {
    return "rows of table " + printable(table_.schema + "." + table_.name) + " of database " +
           printable(request_.database);
  }

  Status transaction() {
    const std::string name = pg_quoted(table_.schema, table_.name);
    const bool is_large = bytes_ >= new_file_bytes_min;
    HF_TRY(refused(connection_.run("BEGIN")));
    if (is_large) HF_TRY(refused(connection_.run("TRUNCATE TABLE ONLY " + name)));
    const std::string sql = "COPY " + name + " " + pg_column_list(table_.columns) + " FROM STDIN WITH (ENCODING " +
                            pg_literal(request_.encoding) + (is_large ? ", FREEZE)" : ")");
    Result<uint64_t> rows = connection_.copy_in(sql, [this] { return next(); });
    if (!rows.ok()) {
      is_refused_ = !connection_.sqlstate().empty();
      return std::move(rows).error();
    }
    HF_TRY(compare(rows.value()));
    HF_TRY(refused(connection_.run("COMMIT")));
    log_.rows += rows.value();
    return {};
  }

  Status refused(Status status) {
    is_refused_ = !status.ok();
    return status;
  }

  Result<BytesView> next() {
    if (ahead_) {
      block_ = HF_TRY(ahead_->next());
    } else {
      block_.resize(block_bytes);
      block_.resize(HF_TRY(file_->read_at(offset_, block_)));
      offset_ += block_.size();
    }
    digest_.add(block_);
    log_.bytes += block_.size();
    return BytesView(block_);
  }

  Status compare(uint64_t rows_taken) {
    if (digest_.rows() == table_.rows && digest_.is_between_rows() && digest_.digest() == table_.digest &&
        rows_taken == table_.rows)
      return {};
    const std::string found = digest_.rows() == table_.rows ? "have another digest than recorded"
                                                            : "are " + std::to_string(digest_.rows()) + " instead of " +
                                                                  std::to_string(table_.rows);
    return Error(Code::Corrupt, "the rows in its file " + found)
        .with_hint("holdfast check says what of the repository is damaged; another point may be whole");
  }

  const PgRowsRequest& request_;
  PgLoadLog& log_;
  PgConnection& connection_;
  const PgTocTable& table_;
  const uint64_t bytes_;
  std::unique_ptr<NamedFile> file_;
  std::optional<ReadAhead> ahead_;  // of a file for which a thread is worth its start
  PgRowDigest digest_;
  Bytes block_;
  uint64_t offset_ = 0;
  bool is_refused_ = false;  // by the server
};

Result<std::vector<Sized>> by_size(const PgRowsRequest& request) {
  std::vector<Sized> sized;
  for (const PgTocTable* table : request.tables) {
    const Result<uint64_t> size = request.files.size(request.prefix + table->file);
    if (!size.ok())
      return Error(Code::Corrupt, "the file of table " + printable(table->schema + "." + table->name) +
                                      " of database " + printable(request.database) + " is missing");
    // Nothing to load; but a file that should be empty and is not goes the long way to its error.
    if (table->rows > 0 || size.value() > 0) sized.push_back({table, size.value()});
  }
  std::stable_sort(sized.begin(), sized.end(), [](const Sized& a, const Sized& b) { return a.bytes > b.bytes; });
  return sized;
}

// What all sessions share. Keys come into the queue when their table is loaded, so who is out of tables waits for them.
class TablesAndKeys {
 public:
  TablesAndKeys(const PgRowsRequest& request, PgLoadLog& log, const std::vector<Sized>& sized)
      : request_(request), log_(log), sized_(sized), loading_(sized.size()), keys_(count_keys() + 1) {
    std::set<const PgTocTable*> with_rows;
    for (const Sized& each : sized_) with_rows.insert(each.table);
    for (const auto& [table, keys] : request_.keys)
      if (!with_rows.contains(table)) give_keys(table);
    if (sized_.empty()) keys_.close();
  }

  size_t size() const { return sized_.size() + count_keys(); }

  Status load_tables(PgConnection& connection) {
    for (size_t at = next_++; at < sized_.size(); at = next_++) {
      HF_TRY(TableLoad(request_, log_, connection, sized_[at]).run());
      give_keys(sized_[at].table);
      if (--loading_ == 0) keys_.close();
    }
    return {};
  }

  Status make_keys(PgConnection& connection, const std::stop_token& stop) {
    bool is_set = false;
    while (const std::optional<const PgSteps::Step*> key = keys_.pop(stop)) {
      for (size_t i = 0; !is_set && i < request_.key_settings.size(); ++i)
        HF_TRY(connection.run(request_.key_settings[i]));
      is_set = true;
      HF_TRY(run_step(connection, **key, request_.go_on, log_));
    }
    return {};
  }

 private:
  size_t count_keys() const {
    size_t count = 0;
    for (const auto& [table, keys] : request_.keys) count += keys.size();
    return count;
  }

  // There is room for all of them.
  void give_keys(const PgTocTable* table) {
    const auto keys = request_.keys.find(table);
    if (keys == request_.keys.end()) return;
    for (const PgSteps::Step& key : keys->second) keys_.push(&key, {});
  }

  const PgRowsRequest& request_;
  PgLoadLog& log_;
  const std::vector<Sized>& sized_;
  std::atomic<size_t> next_{0}, loading_;
  BoundedQueue<const PgSteps::Step*> keys_;
};

}  // namespace

Result<std::unique_ptr<PgConnection>> open_loading(Env env, const PgParameters& parameters, std::stop_token stop) {
  const Deadline deadline(env.clock, session_time_max);
  std::unique_ptr<PgConnection> connection = HF_TRY(PgConnection::open(parameters, deadline, std::move(stop)));
  HF_TRY(
      connection->run("SET role = none; "
                      "SET default_transaction_read_only = off; SET lock_timeout = 0; SET synchronous_commit = off; "
                      "SET client_min_messages = error; SET check_function_bodies = off; SET xmloption = content; " +
                      pg_copy_settings(connection->server_version())));
  return connection;
}

Status load_rows(Env env, const PgRowsRequest& request, PgLoadLog& log, std::stop_token stop) {
  const std::vector<Sized> sized = HF_TRY(by_size(request));
  TablesAndKeys work(request, log, sized);
  TaskGroup group;
  const std::stop_callback pass_on(stop, [&] { group.request_stop(); });
  const size_t threads = std::min<size_t>(std::max(1U, request.connections), work.size());
  for (size_t i = 0; i < threads; ++i) {
    group.start("rows", [&](std::stop_token token) -> Status {
      const std::unique_ptr<PgConnection> connection = HF_TRY(open_loading(env, request.parameters, token));
      HF_TRY(work.load_tables(*connection));
      return work.make_keys(*connection, token);
    });
  }
  HF_TRY(group.join());
  if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
  return {};
}

}  // namespace hf
