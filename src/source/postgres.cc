#include "source/postgres.h"

#include <algorithm>

#include "base/text.h"
#include "pg/names.h"
#include "pg/tools.h"
#include "source/options.h"
#include "source/postgres_database.h"
#include "source/postgres_load.h"
#include "source/postgres_prove.h"
#include "source/postgres_queries.h"

namespace hf {
namespace {

constexpr size_t jobs_max = 64;
constexpr size_t tail_bytes = 1024;  // pg_dumpall's last words are among them
constexpr std::string_view globals_end = "-- PostgreSQL database cluster dump complete";

struct FoundDatabase {
  std::string name;
  bool allows_connections = true;
};

bool is_reference(std::string_view dsn) {
  return dsn.starts_with("$") || dsn.starts_with("env:") || dsn.starts_with("file:");
}

class PostgresSource final : public Source {
 public:
  PostgresSource(const SourceWorld& world, PostgresSpec spec) : world_(world), spec_(std::move(spec)) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    const Deadline deadline(world_.env.clock, spec_.timeout);
    PostgresTree tree(world_, sink, previous);
    std::vector<FoundDatabase> databases;
    const PostgresServer server = HF_TRY(look_at_server(sink, databases, deadline, stop));
    HF_TRY(tree.directory(""));
    HF_TRY(tree.directory("databases"));
    for (const FoundDatabase& database : databases) {
      if (const auto excluded = spec_.excluded.find(database.name); excluded != spec_.excluded.end())
        sink.fact("excluded/" + printable(database.name), excluded->second);
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
  Result<std::unique_ptr<PgConnection>> connect(const Deadline& deadline, const std::stop_token& stop) {
    PgParameters parameters = HF_TRY(parameters_given());
    Result<std::unique_ptr<PgConnection>> connection = PgConnection::open(parameters, deadline, stop);
    // libpq's default is a database named after the user, which need not be there.
    if (connection.ok() || connection.error().code() != Code::NotFound || parameters.values.contains("dbname"))
      return connection;
    return PgConnection::open(with_database(parameters, "postgres"), deadline, stop);
  }

  Result<PgParameters> parameters_given() {
    PgParameters parameters;
    if (is_reference(spec_.dsn)) {
      const Credential dsn = HF_TRY(world_.secret(spec_.dsn).during("read the secret of option dsn"));
      const std::span<const unsigned char> bytes = dsn.reveal(Purpose::Authenticate);
      parameters = HF_TRY(parse_pg_parameters(as_text(std::as_bytes(bytes))));
    } else {
      parameters = HF_TRY(parse_pg_parameters(spec_.dsn));
    }
    if (!spec_.password.empty())
      parameters.password = HF_TRY(world_.secret(spec_.password).during("read the secret of option password"));
    return parameters;
  }

  Result<PostgresServer> look_at_server(Sink& sink, std::vector<FoundDatabase>& databases, const Deadline& deadline,
                                        const std::stop_token& stop) {
    const std::unique_ptr<PgConnection> connection = HF_TRY(connect(deadline, stop));
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
    databases = HF_TRY(list_databases(*connection));
    server.pg_dump = HF_TRY(find_tool("pg_dump", server.version / 10000, deadline, stop));
    server.pg_dumpall = HF_TRY(find_tool("pg_dumpall", server.version / 10000, deadline, stop));
    return server;
  }

  Result<std::string> find_tool(const char* name, int major, const Deadline& deadline, const std::stop_token& stop) {
    return HF_TRY(find_pg_tool(world_.fs, world_.process, {.name = name, .bin = spec_.bin, .major_min = major},
                               deadline, stop))
        .path;
  }

  // In the order of their directories.
  static Result<std::vector<FoundDatabase>> list_databases(PgConnection& connection) {
    const PgRows rows =
        HF_TRY(connection.query("SELECT datname, datallowconn FROM pg_database WHERE datname <> 'template0'"));
    std::vector<FoundDatabase> databases;
    for (size_t row = 0; row < rows.size(); ++row) databases.push_back({rows.text(row, 0), rows.flag(row, 1)});
    std::sort(databases.begin(), databases.end(), [](const FoundDatabase& a, const FoundDatabase& b) {
      return compare_paths(pg_file_name(a.name), pg_file_name(b.name)) < 0;
    });
    return databases;
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
  if (is_reference(dsn)) return {};
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
