#include "source/postgres.h"

#include "base/secret_opener.h"
#include "base/text.h"
#include "pg/names.h"
#include "pg/tools.h"
#include "source/options.h"
#include "source/postgres_database.h"
#include "source/postgres_examine.h"
#include "source/postgres_load.h"
#include "source/postgres_prove.h"
#include "source/postgres_queries.h"

namespace hf {
namespace {

constexpr size_t jobs_max = 64;
constexpr size_t tail_bytes = 1024;  // pg_dumpall's last words are among them
constexpr std::string_view globals_end = "-- PostgreSQL database cluster dump complete";

class PostgresSource final : public Source {
 public:
  PostgresSource(const SourceWorld& world, PostgresSpec spec) : world_(world), spec_(std::move(spec)) {}

  std::vector<SourceFinding> examine(std::stop_token stop) override {
    return examine_postgres(world_, spec_, std::move(stop));
  }

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    const Deadline deadline(world_.env.clock, spec_.timeout);
    PostgresTree tree(world_, sink, previous);
    std::vector<FoundDatabase> databases;
    const PostgresServer server = HF_TRY(look_at_server(sink, databases, deadline, stop));
    HF_TRY(tree.directory(""));
    HF_TRY(tree.directory("databases"));
    for (const FoundDatabase& database : databases) {
      if (const std::optional<std::string> why = spec_.why_left_out(database.name))
        sink.fact("excluded/" + printable(database.name), *why);
      else if (!database.allows_connections)
        sink.problem("databases/" + pg_file_name(database.name),
                     "the database allows no connections: exclude it with a reason, or allow them");
      else
        HF_TRY(dump_postgres_database(world_, server, database.name, tree, deadline, stop));
    }
    HF_TRY(give_globals(server, tree, deadline, stop));
    if (!tree.shrunk().empty()) sink.fact("much_smaller_than_before", join(tree.shrunk(), ", "));
    if (tree.bytes() < spec_.size_min)
      return Error(Code::Failed, "all of it is less than " + format_count(spec_.size_min, "byte", "bytes"))
          .with_hint("if that is right, change size_min of the source");
    return {};
  }

 private:
  Result<PostgresServer> look_at_server(Sink& sink, std::vector<FoundDatabase>& databases, const Deadline& deadline,
                                        const std::stop_token& stop) {
    const std::unique_ptr<PgConnection> connection = HF_TRY(connect_postgres(world_, spec_, deadline, stop));
    PostgresServer server{.spec = spec_, .parameters = connection->resolved(), .version = connection->server_version()};
    const PgRows rows = HF_TRY(connection->query("SELECT pg_is_in_recovery()"));
    server.in_recovery = rows.flag(0, 0);
    // Not everybody may ask.
    const Result<PgRows> identity = connection->query("SELECT system_identifier FROM pg_control_system()");
    if (identity.ok()) sink.fact("system_identifier", identity.value().text(0, 0));
    sink.fact("server_version", std::to_string(server.version));
    // Whose a restored server must be, so that owners and grants come out the same.
    sink.fact("bootstrap_role", HF_TRY(connection->query("SELECT pg_get_userbyid(10)")).text(0, 0));
    sink.fact("in_recovery", server.in_recovery ? "true" : "false");
    databases = HF_TRY(list_postgres_databases(*connection));
    HF_TRY(expect_postgres_databases(spec_, databases));
    server.pg_dump = HF_TRY(find_postgres_tool(world_, spec_, "pg_dump", server.version, deadline, stop));
    server.pg_dumpall = HF_TRY(find_postgres_tool(world_, spec_, "pg_dumpall", server.version, deadline, stop));
    return server;
  }

  Status give_globals(const PostgresServer& server, PostgresTree& tree, const Deadline& deadline,
                      const std::stop_token& stop) {
    ProcessSpec spec{.argv = {server.pg_dumpall, "--globals-only", "--no-password",
                              "--dbname=" + pg_connection_text(server.parameters)},
                     .environment = pg_tool_environment()};
    spec.environment.merge(pg_child_environment(server.parameters));
    if (const auto database = server.parameters.values.find("dbname"); database != server.parameters.values.end())
      spec.argv.push_back("--database=" + database->second);
    if (!spec_.role_passwords) spec.argv.push_back("--no-role-passwords");
    HF_TRY(tree.begin("globals.sql"));
    std::string tail;
    const auto take = [&](BytesView bytes) -> Status {
      tail += as_text(bytes);
      if (tail.size() > tail_bytes) tail.erase(0, tail.size() - tail_bytes);
      return tree.data(to_bytes(bytes));
    };
    const ProcessEnd end = HF_TRY(world_.process.run(spec, take, deadline, stop));
    if (end.status != 0)
      return Error(Code::Failed, "pg_dumpall exited with status " + std::to_string(end.status))
          .with_detail(end.stderr_text)
          .with_hint(spec_.role_passwords ? "only superusers may read passwords of roles: if the user is none, set "
                                            "role_passwords: false"
                                          : "");
    if (tail.find(globals_end) == tail.npos)
      return Error(Code::Failed, "pg_dumpall ended before its output did").with_detail(end.stderr_text);
    tree.sink().fact("role_passwords", spec_.role_passwords ? "in globals.sql" : "not in the point");
    return tree.end();
  }

  SourceWorld world_;
  const PostgresSpec spec_;
};

// Of text that others can read: a command line, a configuration.
Status refuse_password(std::string_view dsn) {
  if (is_secret_reference(dsn)) return {};
  const Result<PgParameters> parameters = parse_pg_parameters(dsn);
  if (!parameters.ok() || !parameters.value().password) return {};
  return Error(Code::Invalid, "a password stands in the connection, where others can read it")
      .with_hint(
          "leave it to ~/.pgpass or a service file (postgres:service=app), or name a secret that holds the "
          "connection: env:NAME or file:PATH");
}

// "name: why"
Result<std::map<std::string, std::string>> parse_excluded(const std::vector<std::string>& entries) {
  std::map<std::string, std::string> excluded{{"template1", "the template of new databases"}};
  for (const std::string& entry : entries) {
    const size_t colon = entry.find(':');
    const size_t reason = colon == entry.npos ? entry.npos : entry.find_first_not_of(' ', colon + 1);
    if (colon == 0 || reason == entry.npos)
      return Error(Code::Invalid, "a database is excluded without a reason: " + printable(entry))
          .with_hint("write \"NAME: why it is not backed up\"");
    excluded[entry.substr(0, colon)] = entry.substr(reason);
  }
  return excluded;
}

Result<PostgresSpec> parse_spec(const SourceOptions& options) {
  PostgresSpec spec;
  spec.dsn = HF_TRY(text_option(options, "dsn"));
  HF_TRY(refuse_password(spec.dsn));
  spec.password = text_option_or(options, "password", "");
  spec.bin = text_option_or(options, "bin", "");
  for (const std::string& name : list_option(options, "databases")) spec.databases.insert(name);
  spec.excluded = HF_TRY(parse_excluded(list_option(options, "exclude")));
  spec.jobs = HF_TRY(number_option(options, "jobs")).value_or(2);
  if (spec.jobs < 1 || spec.jobs > jobs_max)
    return Error(Code::Invalid, "option jobs is not from 1 to " + std::to_string(jobs_max));
  spec.role_passwords = HF_TRY(flag_option(options, "role_passwords", true));
  spec.size_min = HF_TRY(number_option(options, "size_min")).value_or(0);
  spec.lock_timeout = HF_TRY(span_option(options, "lock_timeout", std::chrono::minutes(5)));
  spec.timeout = HF_TRY(span_option(options, "timeout", std::chrono::hours(24 * 365)));
  return spec;
}

}  // namespace

SourceKind postgres_source_kind() {
  using Type = SourceOption::Type;
  SourceKind kind;
  kind.name = "postgres";
  kind.help = "the databases of a PostgreSQL server, while they are used";
  kind.options = {
      {"dsn",
       "the server, as libpq takes it: service=NAME, host=… user=…, or postgresql://…; or a secret that holds it",
       Type::TextOrSecret, true},
      {"password", "a secret; else libpq looks in ~/.pgpass", Type::Secret},
      {"databases", "only these, and the roles; the point says which others there were (default: all)", Type::TextList},
      {"exclude", "databases that are not backed up, each as \"NAME: why\"", Type::TextList},
      {"jobs", "sessions that read tables at the same time (default 2)", Type::Text},
      {"bin", "directory of pg_dump and pg_dumpall (default: those that fit the server)", Type::Text},
      {"role_passwords", "false: leave the passwords of roles out, for users who may not read them", Type::Flag},
      {"lock_timeout", "how long to wait for whoever alters a table (default 5 min)", Type::Span},
      {"timeout", "end it, and fail, after this time (default: none)", Type::Span},
      {"size_min", "fail if all of it is smaller", Type::Size},
  };
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    if (text.empty()) return Error(Code::Invalid, "postgres: without a server").with_hint("write postgres:service=app");
    HF_TRY(refuse_password(text));
    return SourceOptions{{"dsn", {std::string(text)}}};
  };
  kind.open = [](const SourceWorld& world, const std::string& name,
                 const SourceOptions& options) -> Result<std::unique_ptr<Source>> {
    return std::make_unique<PostgresSource>(world, HF_TRY(parse_spec(options).during("open source " + name)));
  };
  kind.prove = prove_postgres;
  kind.load = make_postgres_load;
  kind.query_restored = query_restored_postgres;
  kind.query_live = query_live_postgres;
  return kind;
}

}  // namespace hf
