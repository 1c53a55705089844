#include "source/postgres_queries.h"

#include "pg/connection.h"
#include "source/options.h"

namespace hf {
namespace {

constexpr size_t rows_at_a_time = 1000;

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
    for (const auto& [database, unused] : databases_) {
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

  std::map<std::string, std::string> variables() override {
    const PgParameters& parameters = databases_.begin()->second;
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
  // In a transaction that may only read, which ends with the connection.
  Result<std::unique_ptr<PgConnection>> open(const std::string& database, const Deadline& deadline,
                                             const std::stop_token& stop) {
    auto found = databases_.find(database);
    if (found == databases_.end() && database.empty() && databases_.size() == 1) found = databases_.begin();
    if (found == databases_.end() && database.empty())
      return Error(Code::Invalid, "there are several databases").with_hint("name one with `database`");
    std::optional<PgParameters> other;
    if (found == databases_.end() && databases_.contains("")) other = with_database(databases_.at(""), database);
    if (found == databases_.end() && !other)
      return Error(Code::NotFound, "there is no database " + printable(database));
    const PgParameters& parameters = other ? *other : found->second;
    std::unique_ptr<PgConnection> connection = HF_TRY(PgConnection::open(parameters, deadline, stop));
    HF_TRY(connection->run("BEGIN TRANSACTION READ ONLY"));
    return connection;
  }

  const std::map<std::string, PgParameters> databases_;
};

}  // namespace

Result<std::unique_ptr<Queries>> query_restored_postgres(const SourceWorld&, const RestoredPlace& place) {
  if (place.running == nullptr)
    return Error(Code::Unsupported, "no server runs on what was restored of " + place.recorded.name)
        .with_hint("without --in, --no-restore asks the source's own server");
  std::map<std::string, PgParameters> databases;
  for (const auto& [database, text] : place.running->connections())
    databases.emplace(database, HF_TRY(parse_pg_parameters(text)));
  // The server's own is asked only where nothing else was restored.
  if (databases.size() > 1) databases.erase("postgres");
  if (databases.empty()) return Error(Code::NotFound, "source " + place.recorded.name + " has no databases");
  return std::make_unique<PostgresQueries>(std::move(databases));
}

Result<std::unique_ptr<Queries>> query_live_postgres(const SourceWorld&, const SourceOptions& options) {
  const std::string dsn = HF_TRY(text_option(options, "dsn"));
  std::map<std::string, PgParameters> databases;
  databases.emplace("", HF_TRY(parse_pg_parameters(dsn)));
  return std::make_unique<PostgresQueries>(std::move(databases));
}

}  // namespace hf
