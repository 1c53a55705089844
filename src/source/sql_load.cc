#include "source/sql_load.h"

#include "pg/instance.h"
#include "pg/named_roles.h"
#include "pg/names.h"
#include "pg/sqlstate.h"
#include "source/postgres_restored.h"
#include "source/postgres_target.h"
#include "source/sql_statements.h"

namespace hf {
namespace {

constexpr Duration load_time_max = std::chrono::hours(24 * 30);
constexpr const char* superuser = "postgres";
constexpr const char* maintenance_database = "postgres";
constexpr std::string_view role_is_there = "42710";

class Roles final : public SqlScriptVisitor {
 public:
  Status statement(const SqlEntry&, std::string_view text) override {
    add_roles_of(text, found);
    return {};
  }
  Status rows(BytesView) override { return {}; }
  Status rows_end() override { return {}; }

  std::set<std::string> found;
};

class SqlLoad : public Load {
 public:
  SqlLoad(const SourceWorld& world, const RecordedSource& recorded, const LoadRequest& request, std::string file,
          std::string database)
      : world_(world),
        pg_(pg_world(world)),
        recorded_(recorded),
        request_(request),
        file_(std::move(file)),
        database_(std::move(database)) {}

 protected:
  struct Into {
    PgParameters server;
    bool is_there = false;    // the database
    bool make_roles = false;  // those that are missing
  };

  Status load(const std::string& staged, const Into& into, const std::function<void(const std::string&)>& on_step,
              const std::stop_token& stop) {
    const std::unique_ptr<Directory> top = HF_TRY(world_.fs.open_directory(staged));
    const std::unique_ptr<File> file = HF_TRY(top->open_file(file_));
    const uint64_t size = HF_TRY(file->info()).size;
    const ByteRange script{size, [&](uint64_t at, BytesSpan out) { return file->read_at(at, out); }};
    HF_TRY(prepare(script, into, stop));
    on_step("statements");
    const Deadline deadline(world_.env.clock, load_time_max);
    const std::unique_ptr<PgConnection> connection =
        HF_TRY(PgConnection::open(with_database(into.server, database_), deadline, stop));
    SqlStatements statements(*connection, {.no_owner = request_.no_owner, .go_on = request_.go_on}, log_);
    Status run = each_block(script, [&](BytesView bytes) { return statements.feed(bytes); });
    if (run.ok()) run = statements.finish();
    if (run.ok()) return {};
    return std::move(run).error().during("database " + printable(database_) + " is filled only in part");
  }

  LoadOutcome outcome(const PgParameters& parameters) {
    LoadOutcome outcome{.rows = log_.rows, .bytes = log_.bytes, .notes = log_.take(), .errors = log_.errors};
    outcome.connections[database_] = pg_connection_text(parameters);
    return outcome;
  }

  SourceWorld world_;
  PgWorld pg_;
  const RecordedSource recorded_;
  const LoadRequest request_;
  const std::string file_, database_;
  PgLoadLog log_;

 private:
  // Roles, as far as it is asked for, and the database. Nothing is made where a role will be missing.
  Status prepare(const ByteRange& script, const Into& into, const std::stop_token& stop) {
    const Deadline deadline(world_.env.clock, load_time_max);
    const std::unique_ptr<PgConnection> server = HF_TRY(PgConnection::open(into.server, deadline, stop));
    if (!request_.no_owner) {
      const std::set<std::string> roles = HF_TRY(roles_of_script(script));
      HF_TRY(prepare_roles(*server, roles, into.make_roles));
    }
    if (into.is_there) return {};
    const Status made = server->run("CREATE DATABASE " + pg_quoted(database_) + " TEMPLATE template0");
    if (made.ok()) return {};
    return in_words(made.error().clone(), server->sqlstate(), "make database " + printable(database_));
  }

  Status prepare_roles(PgConnection& server, const std::set<std::string>& roles, bool make) {
    std::string missing;
    for (const std::string& role : roles) {
      if (HF_TRY(server.query("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", {role})).flag(0, 0)) continue;
      missing += (missing.empty() ? "" : ", ") + printable(role);
      if (!make) continue;
      const Status made = server.run("CREATE ROLE " + pg_quoted(role));
      if (!made.ok() && server.sqlstate() != role_is_there)
        return in_words(made.error().clone(), server.sqlstate(), "make role " + printable(role));
    }
    if (missing.empty() || request_.go_on) return {};
    if (make) {
      log_.note("made without a password, and without a login: " + missing);
      return {};
    }
    return Error(Code::NotFound, "nothing was changed: the server lacks roles that the script names: " + missing)
        .with_hint("--roles makes them, --no-owner leaves owners and grants out");
  }
};

class SqlIntoNewInstance final : public SqlLoad {
 public:
  using SqlLoad::SqlLoad;

  Result<LoadPlan> plan(std::stop_token stop) override {
    directory_ = HF_TRY(world_.fs.absolute(request_.new_instance));
    programs_ = HF_TRY(find_pg_programs(
        pg_, {.major = 0, .bin = request_.bin, .user = request_.user, .is_server = true}, std::move(stop)));
    const size_t slash = directory_.rfind('/');
    return LoadPlan{.environment = directory_,
                    .database = database_,
                    .stage = slash == 0 ? "/" : directory_.substr(0, slash),
                    .growth = 1.5};
  }

  Result<LoadOutcome> run(const LoadTree& tree, const std::function<void(const std::string&)>& on_step,
                          std::stop_token stop) override {
    on_step("instance");
    const std::unique_ptr<KeptInstance> instance = HF_TRY(KeptInstance::make(
        pg_, programs_, {.directory = directory_, .port = request_.port, .superuser = superuser}, stop));
    const Into into{.server = instance->parameters(maintenance_database),
                    .is_there = database_ == maintenance_database,
                    .make_roles = true};
    HF_TRY(load(tree.staged, into, on_step, stop));
    on_step("make it durable");
    HF_TRY(instance->keep(stop));
    LoadOutcome done = outcome(instance->parameters(database_));
    done.lines.push_back("stop it: " + instance->stop_command());
    return done;
  }

 private:
  std::string directory_;
  PgPrograms programs_;
};

class SqlIntoServer final : public SqlLoad {
 public:
  SqlIntoServer(const SourceWorld& world, const RecordedSource& recorded, const LoadRequest& request, std::string file,
                std::string database, PgParameters parameters)
      : SqlLoad(world, recorded, request, std::move(file), std::move(database)), parameters_(std::move(parameters)) {}

  Result<LoadPlan> plan(std::stop_token stop) override {
    target_.emplace(HF_TRY(PostgresTarget::look(world_.env, parameters_, database_, std::move(stop))));
    const std::string shown = "database " + printable(database_);
    if (target_->has_database() && !target_->is_empty())
      return Error(Code::Exists, shown + " of " + target_->shown() + " is not empty")
          .with_hint("--database NEW makes another one for the script; or drop what is there first: dropdb");
    return LoadPlan{.environment = target_->shown(), .server = target_->server(), .database = database_};
  }

  Result<LoadOutcome> run(const LoadTree& tree, const std::function<void(const std::string&)>& on_step,
                          std::stop_token stop) override {
    HF_ASSERT(target_);
    const Into into{
        .server = target_->maintenance(), .is_there = target_->has_database(), .make_roles = request_.roles};
    HF_TRY(load(tree.staged, into, on_step, stop));
    return outcome(with_database(parameters_, database_));
  }

 private:
  const PgParameters parameters_;
  std::optional<PostgresTarget> target_;
};

Status check_request(const RecordedSource& recorded, const LoadRequest& request) {
  const bool is_new = !request.new_instance.empty();
  if (is_new == !request.dsn.empty())
    return Error(Code::Invalid, "where shall script " + recorded.name + " run?")
        .with_hint("--new-instance DIR makes a server, --dsn 'host=… user=…' uses one that runs");
  if (request.clean || request.recreate)
    return Error(Code::Invalid, "a script does not say what it replaces")
        .with_hint("restore it into a new database: --database NEW");
  if (!request.tables.empty() || !request.schemas.empty())
    return Error(Code::Invalid, "a script can only be run whole").with_hint("leave --table and --schema out");
  HF_TRY(check_pg_port(request));
  if (request.databases.size() > 1 ||
      (!request.databases.empty() && request.databases[0].find('=') != std::string::npos))
    return Error(Code::Invalid, "a script is run in one database, and has no name of its own")
        .with_hint("--database NEW names it");
  return {};
}

}  // namespace

Result<std::string> script_file(const RecordedSource& recorded) {
  const auto file = recorded.facts.find("file");
  if (file == recorded.facts.end() || file->second.find('/') != std::string::npos || !is_valid_path(file->second))
    return Error(Code::Invalid, "source " + recorded.name + " does not record which file it is");
  return file->second;
}

Result<std::set<std::string>> roles_of_script(const ByteRange& script) {
  Roles roles;
  SqlScript reader(roles);
  HF_TRY(each_block(script, [&](BytesView bytes) { return reader.feed(bytes); }));
  HF_TRY(reader.finish());
  std::erase_if(roles.found, [](const std::string& role) { return role.starts_with("pg_"); });
  return std::move(roles.found);
}

Result<std::unique_ptr<Load>> make_sql_load(const SourceWorld& world, const RecordedSource& recorded,
                                            const LoadRequest& request) {
  HF_TRY(check_request(recorded, request));
  std::string file = HF_TRY(script_file(recorded));
  std::string database = request.databases.empty() ? "" : request.databases[0];
  if (!request.new_instance.empty())
    return std::make_unique<SqlIntoNewInstance>(world, recorded, request, std::move(file),
                                                database.empty() ? recorded.name : std::move(database));
  PgParameters parameters = HF_TRY(parse_pg_target(world, request.dsn));
  if (const auto named = parameters.values.find("dbname"); database.empty() && named != parameters.values.end())
    database = named->second;
  if (database.empty())
    return Error(Code::Invalid, "in which database shall script " + recorded.name + " run?")
        .with_hint("--database NAME; it is made if it is not there");
  return std::make_unique<SqlIntoServer>(world, recorded, request, std::move(file), std::move(database),
                                         std::move(parameters));
}

}  // namespace hf
