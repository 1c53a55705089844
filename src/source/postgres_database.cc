#include "source/postgres_database.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "pg/dump_follow.h"
#include "pg/names.h"
#include "pg/toc.h"
#include "pg/tools.h"
#include "source/postgres_copy.h"

namespace hf {
namespace {

constexpr size_t whole_bytes_max = 16 << 10;  // smaller tables are given in one piece
constexpr size_t names_shown_max = 50;

std::string shown_names(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(names.size(), names_shown_max); ++i) shown.push_back(printable(names[i]));
  if (names.size() > names_shown_max) shown.push_back("and " + format_count(names.size() - names_shown_max) + " more");
  return join(shown, ", ");
}

class DatabaseDump {
 public:
  DatabaseDump(const SourceWorld& world, const PostgresServer& server, std::string database, PostgresTree& tree,
               const Deadline& deadline)
      : world_(world),
        server_(server),
        database_(std::move(database)),
        directory_("databases/" + pg_file_name(database_)),
        tree_(tree),
        deadline_(deadline) {}

  Status run(const std::stop_token& stop) {
    const Deadline patience(world_.env.clock, server_.spec.lock_timeout);
    for (;;) {
      bool is_in_the_way = false;
      Status status = dump_once(stop, is_in_the_way);
      if (status.ok() || !is_in_the_way) return status;
      // Whoever waits to alter a table can do it now.
      if (patience.passed())
        return std::move(status).error().with_hint(
            "tables are altered, emptied or dropped again and again; try when that is over, or raise lock_timeout");
    }
  }

 private:
  // `is_in_the_way`: it failed for somebody who waits for us, before anything was given, so it can be tried again.
  Status dump_once(const std::stop_token& stop, bool& is_in_the_way) {
    const WallTime taken = world_.env.clock.wall();
    const std::unique_ptr<PostgresSnapshot> snapshot = HF_TRY(PostgresSnapshot::take(
        server_.parameters, database_, {.lock_timeout = server_.spec.lock_timeout, .in_recovery = server_.in_recovery},
        deadline_, stop));
    toc_ = {.database = database_,
            .encoding = snapshot->encoding(),
            .collate = snapshot->collate(),
            .ctype = snapshot->ctype(),
            .server_version = snapshot->server_version(),
            .snapshot_lsn = snapshot->lsn(),
            .taken = format_time_rfc3339(taken),
            .large_objects = snapshot->catalog().large_objects};
    Status given = give_all(*snapshot, stop);
    is_in_the_way = !given.ok() && !has_given_ && !stop.stop_requested() && snapshot->is_waited_for();
    if (!given.ok()) return explained(std::move(given).error(), *snapshot);
    HF_TRY(snapshot->finish());
    HF_TRY(tree_.file(directory_ + "/toc.json", to_bytes(encode_toc(toc_))));
    give_facts(snapshot->catalog());
    return {};
  }

  // pg_dump's failure has no SQLSTATE, and its words may be of any language; the session that shares its snapshot
  // shares its fate.
  Error explained(Error error, PostgresSnapshot& snapshot) const {
    const bool is_unclear = server_.in_recovery && error.code() != Code::Cancelled && error.hint().empty();
    return is_unclear && snapshot.is_ended_by_replay() ? with_replay_hint(std::move(error), replay_conflict)
                                                       : std::move(error);
  }

  Status give_all(const PostgresSnapshot& snapshot, const std::stop_token& stop) {
    PostgresCopy copy(world_.env, snapshot, {.jobs = server_.spec.jobs, .lock_timeout = server_.spec.lock_timeout},
                      deadline_);
    TaskGroup tasks;
    const std::stop_callback forward(stop, [&] { tasks.request_stop(); });
    HF_TRY(copy.open(tasks.token()));
    copy.start(tasks);
    Status given = give_files(snapshot, copy, tasks.token());
    if (!given.ok()) tasks.request_stop();
    Status read = tasks.join();
    // The first failure is the cause; what it stopped says only that it was stopped.
    if (!read.ok() && read.error().code() != Code::Cancelled) return read;
    if (!given.ok()) return given;
    return read;
  }

  Status give_files(const PostgresSnapshot& snapshot, PostgresCopy& copy, const std::stop_token& stop) {
    HF_TRY(give_schema(snapshot, stop));
    HF_TRY(tree_.directory(directory_ + "/tables"));
    const std::vector<PostgresTable>& tables = snapshot.catalog().tables;
    for (size_t i = 0; i < tables.size(); ++i) {
      if (i == 0 || tables[i].schema != tables[i - 1].schema)
        HF_TRY(tree_.directory(directory_ + "/tables/" + pg_file_name(tables[i].schema)));
      HF_TRY(give_table(tables[i], i, copy, stop));
    }
    return {};
  }

  Status give_schema(const PostgresSnapshot& snapshot, const std::stop_token& stop) {
    ProcessSpec spec{
        .argv = {server_.pg_dump, "--format=custom", "--compress=0", "--no-password", "--snapshot=" + snapshot.id(),
                 "--lock-wait-timeout=" + std::to_string(lock_wait_max / std::chrono::milliseconds(1)),
                 "--dbname=" + pg_connection_text(snapshot.parameters())},
        .environment = pg_tool_environment()};
    spec.environment.merge(pg_child_environment(snapshot.parameters()));
    // One by one, exactly: a pattern such as *.* would leave out the values of sequences and the contents of
    // materialized views as well.
    for (const PostgresTable& table : snapshot.catalog().tables)
      spec.argv.push_back("--exclude-table-data=" + pg_quoted(table.schema_raw, table.name_raw));
    Blake3 digest;
    PgDumpFollow archive;
    uint64_t size = 0;
    // When it writes, it has its locks.
    const auto take = [&](BytesView bytes) -> Status {
      if (size == 0) HF_TRY(begin_schema());
      Status followed = archive.feed(bytes);
      if (!followed.ok()) return no_archive(std::move(followed).error());
      digest.update(bytes);
      size += bytes.size();
      world_.env.meter.add(Stage::Read, bytes.size());
      return tree_.data(to_bytes(bytes));
    };
    const ProcessEnd end = HF_TRY(world_.process.run(spec, take, deadline_, stop));
    if (end.status != 0)
      return Error(Code::Failed, "pg_dump exited with status " + std::to_string(end.status))
          .with_detail(end.stderr_text);
    if (size == 0) return Error(Code::Failed, "pg_dump wrote nothing").with_detail(end.stderr_text);
    // It may be a wrapper that ends well whatever happened to the program.
    if (Status whole = archive.finish(); !whole.ok())
      return no_archive(std::move(whole).error()).with_detail(end.stderr_text);
    toc_.schema_bytes = size;
    toc_.schema_digest = to_hex(digest.finish());
    return tree_.end();
  }

  Error no_archive(Error why) const {
    const bool is_newer = why.code() == Code::Unsupported;
    return Error(Code::Failed, "what pg_dump wrote is not a whole archive: " + why.message())
        .with_hint(is_newer ? "let option bin name the directory of an older pg_dump, or use a newer holdfast"
                            : "is " + printable(server_.pg_dump) +
                                  " a wrapper? Option bin names the directory of PostgreSQL's own; it works if this "
                                  "does: " +
                                  printable(server_.pg_dump) + " -Fc DATABASE | pg_restore -f /dev/null");
  }

  Status begin_schema() {
    has_given_ = true;
    HF_TRY(tree_.directory(directory_));
    return tree_.begin(directory_ + "/schema.dump");
  }

  Status give_table(const PostgresTable& table, size_t index, PostgresCopy& copy, const std::stop_token& stop) {
    const std::string file = "tables/" + pg_file_name(table.schema) + "/" + pg_file_name(table.name) + ".copy";
    const std::string path = directory_ + "/" + file;
    std::optional<Bytes> block = copy.next(index, stop);
    std::optional<Bytes> after = block && block->size() <= whole_bytes_max ? copy.next(index, stop) : std::nullopt;
    if (!block || (block->size() <= whole_bytes_max && !after)) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
      HF_TRY(tree_.file(path, block ? std::move(*block) : Bytes()));
    } else {
      HF_TRY(tree_.begin(path));
      HF_TRY(tree_.data(std::move(*block)));
      while (after || (after = copy.next(index, stop))) {
        HF_TRY(tree_.data(std::move(*after)));
        after.reset();
      }
      if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
      HF_TRY(tree_.end());
    }
    const PgRowDigest& digest = copy.digest(index);
    toc_.tables.push_back({table.schema, table.name, file, table.columns, digest.rows(), digest.digest()});
    tree_.sink().table({database_ + "." + table.shown(), digest.rows(), digest.digest()});
    return {};
  }

  void give_facts(const PostgresCatalog& catalog) {
    Sink& sink = tree_.sink();
    const std::string name = printable(database_);
    uint64_t rows = 0;
    for (const PgTocTable& table : toc_.tables) rows += table.rows;
    sink.fact("database/" + name, "tables: " + std::to_string(toc_.tables.size()) + ", rows: " + std::to_string(rows) +
                                      ", large objects: " + std::to_string(toc_.large_objects) +
                                      ", snapshot: " + toc_.snapshot_lsn + " at " + toc_.taken);
    const auto list = [&](const char* what, const std::vector<std::string>& names) {
      if (!names.empty()) sink.fact(what + ("/" + name), shown_names(names));
    };
    list("foreign_tables_without_rows", catalog.foreign);
    list("unlogged_tables", catalog.unlogged);
    list("tables_in_schema_dump", catalog.in_schema_dump);
    for (const std::string& table : catalog.lost)
      sink.problem(directory_ + "/tables", "unlogged table " + printable(table) + " has no rows on a standby");
  }

  const SourceWorld& world_;
  const PostgresServer& server_;
  const std::string database_, directory_;
  PostgresTree& tree_;
  const Deadline deadline_;
  bool has_given_ = false;
  PgToc toc_;
};

}  // namespace

Status dump_postgres_database(const SourceWorld& world, const PostgresServer& server, const std::string& database,
                              PostgresTree& tree, const Deadline& deadline, std::stop_token stop) {
  DatabaseDump dump(world, server, database, tree, deadline);
  return dump.run(stop).during("database " + printable(database));
}

}  // namespace hf
