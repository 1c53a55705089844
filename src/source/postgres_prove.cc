#include "source/postgres_prove.h"

#include <algorithm>

#include "base/text.h"
#include "pg/instance.h"
#include "pg/load_globals.h"
#include "pg/load_rows.h"
#include "pg/names.h"
#include "source/postgres_copy.h"
#include "source/postgres_restored.h"
#include "sys/directory_files.h"

namespace hf {
namespace {

constexpr size_t names_shown_max = 20;
constexpr Duration run_time_max = std::chrono::hours(24 * 30);
// Of initdb's: connected to while others are made and dropped.
constexpr std::string_view maintenance_database = "template1";

class RunningPostgres final : public RunningCopy {
 public:
  RunningPostgres(std::unique_ptr<TemporaryInstance> instance, std::vector<std::string> databases)
      : instance_(std::move(instance)), databases_(std::move(databases)) {}
  std::map<std::string, std::string> connections() const override {
    std::map<std::string, std::string> connections;
    for (const std::string& database : databases_)
      connections[database] = pg_connection_text(instance_->parameters(database));
    return connections;
  }
  Status stop() override { return instance_->stop(); }

 private:
  const std::unique_ptr<TemporaryInstance> instance_;
  const std::vector<std::string> databases_;
};

// The machine's trouble, and no judgement of the point.
bool is_no_verdict(const Error& error) {
  return error.code() == Code::Cancelled || error.code() == Code::Unavailable || error.code() == Code::Timeout;
}

// An import leaves a digest out where the text of rows depends on how they were dumped.
bool is_as_recorded(const TableFact& recorded, const TableFact& found) {
  return recorded.rows == found.rows && (recorded.digest.empty() || recorded.digest == found.digest);
}

std::string difference(const TableFact& recorded, const TableFact* found) {
  if (found == nullptr) return printable(recorded.name) + " is missing";
  if (found->rows != recorded.rows)
    return printable(recorded.name) + " has " + std::to_string(found->rows) + " rows instead of " +
           std::to_string(recorded.rows);
  return printable(recorded.name) + " has other rows";
}

std::string shown_some(const std::vector<std::string>& all) {
  std::vector<std::string> some(all.begin(), all.begin() + static_cast<long>(std::min(all.size(), names_shown_max)));
  if (all.size() > some.size()) some.push_back("and " + std::to_string(all.size() - some.size()) + " more");
  return join(some, "; ");
}

class Proof {
 public:
  Proof(const SourceWorld& world, const ProveRequest& request)
      : world_(world), pg_(pg_world(world)), request_(request) {}

  Result<Proved> run() {
    const int major = HF_TRY(recorded_major(request_.recorded));
    const PgPrograms programs = HF_TRY(find_pg_programs(pg_, {.major = major, .is_server = true}, request_.stop));
    const MonoTime begin = world_.env.clock.mono();
    Result<std::vector<PostgresStaged>> staged = find_staged(world_.fs, request_.directory, {});
    if (!staged.ok() && staged.error().code() == Code::Corrupt) {
      add("load", false, begin, staged.error().message());
      return std::move(proved_);
    }
    staged_ = HF_TRY(std::move(staged));
    check_databases();
    instance_ = HF_TRY(TemporaryInstance::start(pg_, programs, request_.scratch, recorded_superuser(request_.recorded),
                                                request_.stop));
    const MonoTime load_begin = world_.env.clock.mono();
    const Status loaded = load();
    if (!loaded.ok() && is_no_verdict(loaded.error())) return loaded.error().clone();
    add("load", loaded.ok(), load_begin, loaded.ok() ? loaded_words() : loaded.error().message());
    // Tables that came through are worth naming even where one did not.
    for (const PostgresStaged& database : staged_)
      if (is_made(database.name)) HF_TRY(examine(database));
    if (loaded.ok()) HF_TRY(check_pages());
    std::vector<std::string> names;
    for (const PostgresStaged& database : staged_) names.push_back(database.name);
    proved_.running = std::make_unique<RunningPostgres>(std::move(instance_), std::move(names));
    return std::move(proved_);
  }

 private:
  void add(std::string name, bool passed, MonoTime begin, std::string message) {
    proved_.checks.push_back({std::move(name), passed, world_.env.clock.mono() - begin, std::move(message)});
  }

  // Those that were recorded are all there, and no others.
  void check_databases() {
    const MonoTime begin = world_.env.clock.mono();
    constexpr std::string_view prefix = "database/";
    std::vector<std::string> wrong;
    std::vector<std::string> shown;
    for (const PostgresStaged& database : staged_) shown.push_back(printable(database.name));
    for (const auto& [fact, value] : request_.recorded.facts) {
      if (!fact.starts_with(prefix)) continue;
      const std::string name = fact.substr(prefix.size());
      if (std::find(shown.begin(), shown.end(), name) == shown.end()) wrong.push_back(name + " is missing");
    }
    for (const std::string& name : shown)
      if (!request_.recorded.facts.contains(std::string(prefix) + name)) wrong.push_back(name + " is not recorded");
    add("databases", wrong.empty(), begin,
        wrong.empty() ? format_count(shown.size(), "database is", "databases are") + " as recorded"
                      : shown_some(wrong));
  }

  Status load() {
    {
      const auto top = HF_TRY(world_.fs.open_directory(request_.directory));
      const auto connection =
          HF_TRY(open_loading(world_.env, instance_->parameters(std::string(maintenance_database)), request_.stop));
      HF_TRY(load_globals(*connection, *top,
                          {.is_new_instance = true, .connected_as = recorded_superuser(request_.recorded)}, log_));
    }
    const PgParameters server = instance_->parameters(std::string(maintenance_database));
    for (const PostgresStaged& database : staged_) {
      PgArchive archive = HF_TRY(
          PgArchive::open(pg_, instance_->programs(), *database.directory, "schema.dump", instance_->directory()));
      DirectoryFiles files(*database.directory);
      const PgLoadRequest request{.files = files,
                                  .prefix = {},
                                  .toc = database.toc,
                                  .server = server,
                                  .database = database.name,
                                  .drop_first = true,
                                  .connections = request_.workers};
      HF_TRY(load_database(pg_, archive, request, log_, request_.stop));
    }
    return {};
  }

  std::string loaded_words() {
    std::string words = format_count(log_.rows, "row", "rows") + " loaded";
    const std::vector<std::string> notes = log_.take();
    return notes.empty() ? words : words + "; " + shown_some(notes);
  }

  bool is_made(const std::string& database) {
    const Result<std::unique_ptr<PgConnection>> connection =
        PgConnection::open(instance_->parameters(database), Deadline(world_.env.clock, run_time_max), request_.stop);
    return connection.ok();
  }

  // Read again from the server, as the source was: by the same statements, in the same settings.
  Status examine(const PostgresStaged& database) {
    const MonoTime begin = world_.env.clock.mono();
    const Deadline deadline(world_.env.clock, run_time_max);
    const auto snapshot = HF_TRY(
        PostgresSnapshot::take(instance_->parameters(database.name), database.name, {}, deadline, request_.stop));
    const std::vector<TableFact> found = HF_TRY(read_tables(database, *snapshot, deadline));
    std::vector<std::string> differences;
    uint64_t rows = 0, tables = 0;
    for (const TableFact& table : request_.recorded.tables) {
      if (!is_of(table, database)) continue;
      const auto same =
          std::find_if(found.begin(), found.end(), [&](const TableFact& t) { return t.name == table.name; });
      if (same == found.end() || !is_as_recorded(table, *same))
        differences.push_back(difference(table, same == found.end() ? nullptr : &*same));
      rows += table.rows;
      ++tables;
    }
    for (const TableFact& table : found)
      if (!may_be_unrecorded(table, database, *snapshot) &&
          std::none_of(request_.recorded.tables.begin(), request_.recorded.tables.end(),
                       [&](const TableFact& t) { return t.name == table.name; }))
        differences.push_back(printable(table.name) + " is not recorded");
    const std::string shown = printable(database.name);
    add(shown + ": tables", differences.empty(), begin,
        differences.empty() ? format_count(tables, "table", "tables") + " with " + format_count(rows, "row", "rows") +
                                  " are as recorded"
                            : shown_some(differences));
    const uint64_t objects = snapshot->catalog().large_objects;
    add(shown + ": large objects", objects == database.toc.large_objects, world_.env.clock.mono(),
        objects == database.toc.large_objects
            ? std::to_string(objects)
            : std::to_string(objects) + " instead of " + std::to_string(database.toc.large_objects));
    return snapshot->finish();
  }

  // A foreign archive may have tables whose rows nobody counted; a standby has no rows of unlogged tables to count.
  bool may_be_unrecorded(const TableFact& table, const PostgresStaged& database, const PostgresSnapshot& snapshot) {
    const std::map<std::string, std::string>& facts = request_.recorded.facts;
    if (facts.contains("foreign_archive")) return true;
    const auto in_recovery = facts.find("in_recovery");
    const std::vector<std::string>& unlogged = snapshot.catalog().unlogged;
    return in_recovery != facts.end() && in_recovery->second == "true" && table.rows == 0 &&
           std::find(unlogged.begin(), unlogged.end(), table.name.substr(database.name.size() + 1)) != unlogged.end();
  }

  // Names of tables begin with their database's; a database's name may be the beginning of another's.
  bool is_of(const TableFact& table, const PostgresStaged& database) const {
    if (!table.name.starts_with(database.name + ".")) return false;
    return std::none_of(staged_.begin(), staged_.end(), [&](const PostgresStaged& other) {
      return other.name.size() > database.name.size() && table.name.starts_with(other.name + ".");
    });
  }

  Result<std::vector<TableFact>> read_tables(const PostgresStaged& database, const PostgresSnapshot& snapshot,
                                             const Deadline& deadline) {
    PostgresCopy copy(world_.env, snapshot, {.jobs = request_.workers}, deadline);
    TaskGroup tasks;
    const std::stop_callback forward(request_.stop, [&] { tasks.request_stop(); });
    HF_TRY(copy.open(tasks.token()));
    copy.start(tasks);
    std::vector<TableFact> facts;
    const std::vector<PostgresTable>& tables = snapshot.catalog().tables;
    for (size_t i = 0; i < tables.size() && !tasks.token().stop_requested(); ++i) {
      while (copy.next(i, tasks.token())) continue;
      if (tasks.token().stop_requested()) break;
      const PgRowDigest& digest = copy.digest(i);
      facts.push_back({database.name + "." + tables[i].shown(), digest.rows(), digest.digest()});
    }
    HF_TRY(tasks.join());
    if (request_.stop.stop_requested()) return Error(Code::Cancelled, "stopped");
    return facts;
  }

  // Heaps and B-trees, page by page, if the program is installed.
  Status check_pages() {
    const PgPrograms& programs = instance_->programs();
    const Result<std::unique_ptr<Directory>> directory = world_.fs.open_directory(programs.directory);
    if (!directory.ok() || !directory.value()->info("pg_amcheck").ok()) return {};
    const MonoTime begin = world_.env.clock.mono();
    const PgCommand command{
        .program = "pg_amcheck",
        .arguments = {"--all", "--install-missing", "--jobs", std::to_string(request_.workers), "--host",
                      instance_->directory(), "--port", "5432", "--username", recorded_superuser(request_.recorded),
                      "--maintenance-db", std::string(maintenance_database)},
        .has_network = false};
    const Status checked = run_pg_command(pg_, programs, command, run_time_max, request_.stop);
    if (!checked.ok() && is_no_verdict(checked.error())) return checked.error().clone();
    add("amcheck", checked.ok(), begin, checked.ok() ? "heaps and indexes are sound" : checked.error().message());
    return {};
  }

  const SourceWorld& world_;
  const PgWorld pg_;
  const ProveRequest& request_;
  std::vector<PostgresStaged> staged_;
  std::unique_ptr<TemporaryInstance> instance_;
  PgLoadLog log_;
  Proved proved_;
};

}  // namespace

Result<Proved> prove_postgres(const SourceWorld& world, const ProveRequest& request) {
  return Proof(world, request).run();
}

}  // namespace hf
