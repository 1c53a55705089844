#include "source/postgres_queries.h"

#include "pg/connection.h"
#include "pg/instance.h"
#include "source/options.h"
#include "source/postgres_restored.h"
#include "source/postgres_server.h"

namespace hf {
namespace {

constexpr size_t rows_at_a_time = 1000;
constexpr Duration looking_time_max = std::chrono::minutes(1);

constexpr std::string_view all_databases =
    "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname";
constexpr std::string_view user_tables =
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), n.nspname || '.' || c.relname "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 2";

class PostgresQueries final : public Queries {
 public:
  // By database; "" is the one that the parameters lead to by themselves.
  explicit PostgresQueries(std::map<std::string, PgParameters> databases) : databases_(std::move(databases)) {}

  Result<QueryAnswer> ask(const Query& query, const Deadline& deadline, std::stop_token stop) override {
    const std::unique_ptr<PgConnection> connection = HF_TRY(open(query.database, deadline, stop));
    QueryAnswer answer;
    HF_TRY(connection->query("DECLARE holdfast NO SCROLL CURSOR FOR " + query.sql));
    for (;;) {
      const PgRows rows =
          HF_TRY(connection->query("FETCH FORWARD " + std::to_string(rows_at_a_time) + " FROM holdfast"));
      if (answer.rows == 0 && rows.size() > 0 && !rows.is_null(0, 0)) answer.value = rows.text(0, 0);
      answer.rows += rows.size();
      if (rows.size() < rows_at_a_time) return answer;
    }
  }

  Result<std::vector<TableFact>> tables(const Deadline& deadline, std::stop_token stop) override {
    std::vector<TableFact> tables;
    for (const std::string& database : HF_TRY(names(deadline, stop))) {
      const std::unique_ptr<PgConnection> connection = HF_TRY(open(database, deadline, stop));
      const std::string name = HF_TRY(connection->query("SELECT current_database()")).text(0, 0);
      const PgRows found = HF_TRY(connection->query(std::string(user_tables)));
      for (size_t row = 0; row < found.size(); ++row) {
        const PgRows counted = HF_TRY(connection->query("SELECT count(*) FROM ONLY " + found.text(row, 0)));
        tables.push_back({name + "." + found.text(row, 1), counted.number(0, 0), {}});
      }
    }
    return tables;
  }

  Result<std::map<std::string, std::string>> variables(const std::string& database) override {
    const PgParameters parameters = HF_TRY(parameters_of(database));
    std::map<std::string, std::string> variables = pg_child_environment(parameters);
    constexpr std::pair<const char*, const char*> names[] = {
        {"host", "PGHOST"}, {"port", "PGPORT"}, {"user", "PGUSER"}, {"dbname", "PGDATABASE"}, {"service", "PGSERVICE"}};
    for (const auto& [keyword, variable] : names)
      if (const auto value = parameters.values.find(keyword); value != parameters.values.end())
        variables[variable] = value->second;
    variables["HOLDFAST_DATABASE"] = pg_connection_text(parameters);
    return variables;
  }

 private:
  // All databases, of a server in use too.
  Result<std::vector<std::string>> names(const Deadline& deadline, const std::stop_token& stop) const {
    std::vector<std::string> names;
    if (databases_.contains("")) {
      const std::unique_ptr<PgConnection> connection = HF_TRY(open("", deadline, stop));
      const PgRows rows = HF_TRY(connection->query(std::string(all_databases)));
      for (size_t row = 0; row < rows.size(); ++row) names.push_back(rows.text(row, 0));
    } else {
      for (const auto& [name, unused] : databases_) names.push_back(name);
    }
    return names;
  }

  Result<PgParameters> parameters_of(const std::string& database) const {
    auto found = databases_.find(database);
    if (found == databases_.end() && database.empty() && databases_.size() == 1) found = databases_.begin();
    if (found == databases_.end() && database.empty())
      return Error(Code::Invalid, "there are several databases").with_hint("name one with `database`");
    if (found != databases_.end()) return copy_of(found->second);
    if (databases_.contains("")) return with_database(databases_.at(""), database);
    return Error(Code::NotFound, "there is no database " + printable(database));
  }

  // In a transaction that may only read, which ends with the connection.
  Result<std::unique_ptr<PgConnection>> open(const std::string& database, const Deadline& deadline,
                                             const std::stop_token& stop) const {
    const PgParameters parameters = HF_TRY(parameters_of(database));
    std::unique_ptr<PgConnection> connection = HF_TRY(PgConnection::open(parameters, deadline, stop));
    HF_TRY(connection->run("BEGIN TRANSACTION READ ONLY"));
    return connection;
  }

  const std::map<std::string, PgParameters> databases_;
};

// The databases of the instance that `restore --new-instance` made in the source's directory, or in the one above it.
Result<std::map<std::string, PgParameters>> kept_databases(const SourceWorld& world, const RestoredPlace& place) {
  const std::string above = place.directory.substr(0, place.directory.rfind('/'));
  std::optional<PgParameters> server;
  for (const std::string& directory : {place.directory, above})
    if (!server) server = find_kept_instance(world.fs, directory, recorded_superuser(place.recorded));
  if (!server)
    return Error(Code::Unsupported, "no server runs on what was restored of " + place.recorded.name)
        .with_hint(
            "--in DIR names what restore --new-instance DIR made; without --in the source's own server is asked");
  const Deadline deadline(world.env.clock, looking_time_max);
  const std::unique_ptr<PgConnection> connection =
      HF_TRY(PgConnection::open(with_database(*server, "postgres"), deadline, {}));
  const PgRows rows = HF_TRY(connection->query(std::string(all_databases)));
  std::map<std::string, PgParameters> databases;
  for (size_t row = 0; row < rows.size(); ++row)
    databases.emplace(rows.text(row, 0), with_database(*server, rows.text(row, 0)));
  return databases;
}

}  // namespace

Result<std::unique_ptr<Queries>> query_restored_postgres(const SourceWorld& world, const RestoredPlace& place) {
  std::map<std::string, PgParameters> databases;
  if (place.running != nullptr) {
    for (const auto& [database, text] : place.running->connections())
      databases.emplace(database, HF_TRY(parse_pg_parameters(text)));
  } else {
    databases = HF_TRY(kept_databases(world, place));
  }
  // The server's own is asked only where nothing else was restored.
  if (databases.size() > 1) databases.erase("postgres");
  if (databases.empty()) return Error(Code::NotFound, "source " + place.recorded.name + " has no databases");
  return std::make_unique<PostgresQueries>(std::move(databases));
}

Result<std::unique_ptr<Queries>> query_live_postgres(const SourceWorld& world, const SourceOptions& options) {
  std::map<std::string, PgParameters> databases;
  const std::string dsn = HF_TRY(text_option(options, "dsn"));
  databases.emplace("", HF_TRY(read_pg_options(world, dsn, text_option_or(options, "password", ""))));
  return std::make_unique<PostgresQueries>(std::move(databases));
}

}  // namespace hf
