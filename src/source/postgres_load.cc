#include "source/postgres_load.h"

#include <algorithm>

#include "base/text.h"
#include "pg/instance.h"
#include "pg/load_globals.h"
#include "pg/load_rows.h"
#include "pg/names.h"
#include "source/postgres_restored.h"
#include "source/postgres_target.h"
#include "sys/directory_files.h"

namespace hf {
namespace {

constexpr std::string_view maintenance_database = "template1";
constexpr std::string_view fact_prefix = "database/";
constexpr std::string_view databases_directory = "databases";

// A database of the point, and what it shall be called.
struct Renamed {
  std::string recorded, target;
};

std::vector<std::string> recorded_databases(const RecordedSource& recorded) {
  std::vector<std::string> names;
  for (const auto& [fact, value] : recorded.facts)
    if (fact.starts_with(fact_prefix)) names.push_back(fact.substr(fact_prefix.size()));
  return names;
}

std::string directory_of(const std::string& database) {
  return std::string(databases_directory) + "/" + pg_file_name(database);
}

// "NAME" or "NAME=NEW".
Result<std::vector<Renamed>> parse_databases(const RecordedSource& recorded, const std::vector<std::string>& words) {
  const std::vector<std::string> there = recorded_databases(recorded);
  std::vector<Renamed> all;
  for (const std::string& word : words) {
    // A name may hold the sign itself.
    const bool is_whole = std::find(there.begin(), there.end(), printable(word)) != there.end();
    const size_t sign = is_whole ? word.npos : word.find('=');
    const std::string name = word.substr(0, sign);
    if (!is_whole && std::find(there.begin(), there.end(), printable(name)) == there.end())
      return Error(Code::NotFound, "the point has no database " + printable(name) + " of source " + recorded.name)
          .with_hint("it has " + join(there, ", ") + "; NAME=NEW restores one of them under another name");
    const std::string target = sign == word.npos ? name : word.substr(sign + 1);
    if (target.empty())
      return Error(Code::Invalid, "--database " + printable(word) + " gives no new name")
          .with_hint("for example: --database shop=shop_restored");
    all.push_back({name, target});
  }
  return all;
}

std::vector<std::string> paths_of(const std::vector<Renamed>& databases) {
  std::vector<std::string> paths{"globals.sql"};
  for (const Renamed& database : databases) paths.push_back(directory_of(database.recorded));
  return paths;
}

// What all targets share: the databases that are wanted, and their loading, one after the other.
class PostgresLoad : public Load {
 public:
  PostgresLoad(const SourceWorld& world, const RecordedSource& recorded, const LoadRequest& request,
               std::vector<Renamed> databases)
      : world_(world), pg_(pg_world(world)), recorded_(recorded), request_(request), databases_(std::move(databases)) {}

 protected:
  struct Into {
    const PgPrograms& programs;
    const PgParameters& server;
    std::string room;       // of the programs' user
    bool is_there = false;  // the databases are not made
    bool drop_first = false;
  };

  // Rows are most of it, and stay in the point. Not where something is replaced: there what is damaged must be known
  // before anything is given up for it.
  void leave_rows(LoadPlan& plan) const {
    std::vector<std::string> names;
    for (const Renamed& database : databases_) names.push_back(database.recorded);
    if (databases_.empty()) names = recorded_databases(recorded_);
    plan.paths = {"globals.sql"};
    plan.unstaged = databases_directory;
    for (const std::string& name : names) {
      for (const char* file : {"/schema.dump", "/toc.json"}) plan.paths.push_back(directory_of(name) + file);
      if (name.find("\\x") == name.npos) continue;
      // Recorded as it is shown, which may not be how it is spelled: then all is staged and looked at.
      plan.paths.clear();
      plan.unstaged.clear();
      return;
    }
  }

  Status load_all(const LoadTree& tree, const Into& into, const std::function<void(const std::string&)>& on_step,
                  const std::stop_token& stop) {
    std::vector<std::string> names;
    for (const Renamed& database : databases_) names.push_back(database.recorded);
    for (const PostgresStaged& database : HF_TRY(find_staged(world_.fs, tree.staged, names))) {
      PgArchive archive = HF_TRY(PgArchive::open(pg_, into.programs, *database.directory, "schema.dump", into.room));
      DirectoryFiles staged(*database.directory);
      const bool is_staged = tree.unstaged == nullptr;
      const PgLoadRequest request{
          .files = is_staged ? staged : *tree.unstaged,
          .prefix = is_staged ? "" : database.path + "/",
          .toc = database.toc,
          .server = into.server,
          .database = target_of(database.name),
          .is_there = into.is_there,
          .drop_first = into.drop_first,
          .clean = request_.clean,
          .no_owner = request_.no_owner || request_.clean,
          .go_on = request_.go_on,
          .selection = selection(),
          .connections = request_.workers,
          .on_step = [&](const std::string& step) { on_step(printable(database.name) + ": " + step); }};
      HF_TRY(load_database(pg_, archive, request, log_, stop));
      loaded_.push_back(request.database);
    }
    return {};
  }

  std::string target_of(const std::string& recorded) const {
    for (const Renamed& database : databases_)
      if (database.recorded == recorded) return database.target;
    return recorded;
  }

  std::optional<PgSelection> selection() const {
    if (request_.tables.empty() && request_.schemas.empty()) return std::nullopt;
    return PgSelection{.tables = request_.tables, .schemas = request_.schemas};
  }

  LoadOutcome outcome(const std::function<PgParameters(const std::string& database)>& parameters) {
    LoadOutcome outcome{.rows = log_.rows, .bytes = log_.bytes, .notes = log_.take(), .errors = log_.errors};
    for (const std::string& database : loaded_)
      outcome.connections[database] = pg_connection_text(parameters(database));
    return outcome;
  }

  SourceWorld world_;
  PgWorld pg_;
  const RecordedSource recorded_;
  const LoadRequest request_;
  const std::vector<Renamed> databases_;  // empty: all, as they are called
  PgLoadLog log_;
  std::vector<std::string> loaded_;
};

class IntoNewInstance final : public PostgresLoad {
 public:
  using PostgresLoad::PostgresLoad;

  Result<LoadPlan> plan(std::stop_token stop) override {
    directory_ = HF_TRY(world_.fs.absolute(request_.new_instance));
    HF_TRY(find(stop));
    const size_t slash = directory_.rfind('/');
    LoadPlan plan{.environment = directory_, .stage = slash == 0 ? "/" : directory_.substr(0, slash)};
    leave_rows(plan);
    // Rows and indexes come to about as much again as their text, seldom to more.
    if (databases_.empty()) plan.growth = 1.5;
    return plan;
  }

  Result<LoadOutcome> run(const LoadTree& tree, const std::function<void(const std::string&)>& on_step,
                          std::stop_token stop) override {
    on_step("instance");
    const std::string superuser = recorded_superuser(recorded_);
    const std::unique_ptr<KeptInstance> instance = HF_TRY(KeptInstance::make(
        pg_, programs_, {.directory = directory_, .port = request_.port, .superuser = superuser}, stop));
    const PgParameters server = instance->parameters(std::string(maintenance_database));
    HF_TRY(load_roles(tree.staged, server, superuser, stop));
    const Into into{.programs = programs_, .server = server, .room = directory_, .drop_first = true};
    HF_TRY(load_all(tree, into, on_step, stop));
    on_step("make it durable");
    HF_TRY(instance->keep(stop));
    LoadOutcome done = outcome([&](const std::string& database) { return instance->parameters(database); });
    done.lines.push_back("stop it: " + instance->stop_command());
    return done;
  }

 private:
  Status find(const std::stop_token& stop) {
    const int major = HF_TRY(recorded_major(recorded_));
    programs_ = HF_TRY(
        find_pg_programs(pg_, {.major = major, .bin = request_.bin, .user = request_.user, .is_server = true}, stop));
    return {};
  }

  Status load_roles(const std::string& staged, const PgParameters& server, const std::string& superuser,
                    const std::stop_token& stop) {
    const std::unique_ptr<Directory> top = HF_TRY(world_.fs.open_directory(staged));
    const std::unique_ptr<PgConnection> connection = HF_TRY(open_loading(world_.env, server, stop));
    return load_globals(*connection, *top, {.is_new_instance = true, .connected_as = superuser}, log_);
  }

  std::string directory_;
  PgPrograms programs_;
};

class IntoServer final : public PostgresLoad {
 public:
  IntoServer(const SourceWorld& world, const RecordedSource& recorded, const LoadRequest& request,
             std::vector<Renamed> databases, PgParameters parameters)
      : PostgresLoad(world, recorded, request, std::move(databases)), parameters_(std::move(parameters)) {}

  Result<LoadPlan> plan(std::stop_token stop) override {
    target_.emplace(HF_TRY(PostgresTarget::look(world_.env, parameters_, databases_.front().target, stop)));
    const int major = HF_TRY(recorded_major(recorded_));
    programs_ = HF_TRY(find_pg_programs(pg_, {.major = major, .bin = request_.bin, .user = request_.user}, stop));
    const std::string shown = "database " + printable(databases_.front().target);
    LoadPlan plan{.environment = target_->shown(), .server = target_->server(), .database = databases_.front().target};
    if (!request_.clean && !request_.recreate) {
      if (target_->has_database())
        return Error(Code::Exists, "the server has a " + shown + " already")
            .with_hint("--database " + printable(databases_.front().recorded) +
                       "=NEW restores under another name; --clean and --recreate replace what is there");
      leave_rows(plan);
      return plan;
    }
    if (!target_->has_database())
      return Error(Code::NotFound, "the server has no " + shown)
          .with_hint("leave --clean and --recreate out: a new database loses nothing");
    plan.paths = paths_of(databases_);
    plan.is_destructive = true;
    plan.name = databases_.front().target;
    plan.losses = request_.recreate ? target_->losses_of_all() : target_->losses_of(recorded_tables());
    plan.production = target_->why_production(recorded_);
    plan.safety = {{"dsn", {request_.dsn}}, {"exclude", target_->other_databases()}};
    return plan;
  }

  Result<LoadOutcome> run(const LoadTree& tree, const std::function<void(const std::string&)>& on_step,
                          std::stop_token stop) override {
    HF_ASSERT(target_);
    ScratchDirectory room =
        HF_TRY(ScratchDirectory::make(world_.env, world_.fs, request_.scratch, "holdfast-archive-"));
    {
      const std::unique_ptr<Directory> directory = HF_TRY(world_.fs.open_directory(room.path()));
      HF_TRY(give_to_pg_user(pg_, programs_, *directory, ""));
    }
    if (request_.roles) HF_TRY(load_roles(tree.staged, stop));
    const PgParameters maintenance = target_->maintenance();
    const Into into{.programs = programs_,
                    .server = maintenance,
                    .room = room.path(),
                    .is_there = request_.clean,
                    .drop_first = request_.recreate};
    Status loaded = load_all(tree, into, on_step, stop);
    if (!loaded.ok()) return with_what_is_left(std::move(loaded).error());
    HF_TRY(room.remove());
    return outcome([&](const std::string& database) { return with_database(parameters_, database); });
  }

 private:
  Status load_roles(const std::string& staged, const std::stop_token& stop) {
    const std::unique_ptr<Directory> top = HF_TRY(world_.fs.open_directory(staged));
    const std::unique_ptr<PgConnection> connection = HF_TRY(open_loading(world_.env, target_->maintenance(), stop));
    return load_globals(*connection, *top, {.is_new_instance = false, .connected_as = {}}, log_);
  }

  // The server may be gone by now: then there is nothing to be said of it.
  Error with_what_is_left(Error error) const {
    const std::string& name = databases_.front().target;
    const Result<PostgresTarget> now = PostgresTarget::look(world_.env, parameters_, name, {});
    if (request_.clean || !now.ok() || !now.value().has_database()) return error;
    const std::string drop = "DROP DATABASE " + pg_quoted(name);
    return Error(error.code(), error.message() + "; database " + printable(name) + " is there, half filled")
        .with_detail(error.detail())
        .with_hint((error.hint().empty() ? "" : error.hint() + "; ") + "before the next try: " + drop);
  }

  // "schema.table"
  std::vector<std::string> recorded_tables() const {
    const std::string prefix = databases_.front().recorded + ".";
    std::vector<std::string> names;
    for (const TableFact& table : recorded_.tables) {
      if (!table.name.starts_with(prefix)) continue;
      const std::string name = table.name.substr(prefix.size());
      const auto is_in = [&](const std::vector<std::string>& words, std::string_view text) {
        return std::find(words.begin(), words.end(), text) != words.end();
      };
      const bool is_wanted = !selection() || is_in(request_.tables, name) ||
                             is_in(request_.tables, name.substr(name.find('.') + 1)) ||
                             is_in(request_.schemas, name.substr(0, name.find('.')));
      if (is_wanted) names.push_back(name);
    }
    return names;
  }

  const PgParameters parameters_;
  std::optional<PostgresTarget> target_;
  PgPrograms programs_;
};

Status check_request(const RecordedSource& recorded, const LoadRequest& request) {
  const bool is_new = !request.new_instance.empty();
  if (is_new == !request.dsn.empty())
    return Error(Code::Invalid, "where shall the databases of " + recorded.name + " go?")
        .with_hint("--new-instance DIR makes a server, --dsn 'host=… user=…' uses one that runs");
  if (is_new && (request.clean || request.recreate))
    return Error(Code::Invalid, "a new instance has nothing to clean or to drop").with_hint("name a server with --dsn");
  if (is_new && request.roles)
    return Error(Code::Invalid, "a new instance gets the roles in any case").with_hint("leave --roles out");
  HF_TRY(check_pg_port(request));
  if (request.clean && request.recreate)
    return Error(Code::Invalid, "--clean and --recreate contradict each other")
        .with_hint("--clean replaces what the point has, --recreate the whole database");
  return {};
}

}  // namespace

Result<std::unique_ptr<Load>> make_postgres_load(const SourceWorld& world, const RecordedSource& recorded,
                                                 const LoadRequest& request) {
  HF_TRY(check_request(recorded, request));
  std::vector<Renamed> databases = HF_TRY(parse_databases(recorded, request.databases));
  const bool is_part = !request.tables.empty() || !request.schemas.empty();
  if (!request.new_instance.empty() && !is_part)
    return std::make_unique<IntoNewInstance>(world, recorded, request, std::move(databases));
  const std::vector<std::string> there = recorded_databases(recorded);
  if (databases.empty() && there.size() == 1) databases.push_back({there[0], there[0]});
  if (databases.size() != 1)
    return Error(Code::Invalid, "which database of " + recorded.name + " shall be restored?")
        .with_hint("name one with --database: " + join(there, ", "));
  if (!request.new_instance.empty())
    return std::make_unique<IntoNewInstance>(world, recorded, request, std::move(databases));
  PgParameters parameters = HF_TRY(parse_pg_target(world, request.dsn));
  return std::make_unique<IntoServer>(world, recorded, request, std::move(databases), std::move(parameters));
}

}  // namespace hf
