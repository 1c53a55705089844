#include "source/postgres_server.h"

#include <algorithm>

#include "base/secret_opener.h"
#include "pg/names.h"
#include "pg/tools.h"

namespace hf {
Result<PgParameters> read_pg_dsn(const SourceWorld& world, const std::string& dsn, const std::string& what) {
  if (!is_secret_reference(dsn)) return parse_pg_parameters(dsn);
  const Credential secret = HF_TRY(world.secret(dsn).during("read the secret of " + what));
  return parse_pg_parameters(as_text(std::as_bytes(secret.reveal(Purpose::Authenticate))));
}

Result<PgParameters> read_pg_options(const SourceWorld& world, const std::string& dsn, const std::string& password) {
  PgParameters parameters = HF_TRY(read_pg_dsn(world, dsn, "option dsn"));
  if (!password.empty())
    parameters.password = HF_TRY(world.secret(password).during("read the secret of option password"));
  return parameters;
}

Result<std::unique_ptr<PgConnection>> connect_postgres(const SourceWorld& world, const PostgresSpec& spec,
                                                       const Deadline& deadline, const std::stop_token& stop) {
  const PgParameters parameters = HF_TRY(read_pg_options(world, spec.dsn, spec.password));
  Result<std::unique_ptr<PgConnection>> connection = PgConnection::open(parameters, deadline, stop);
  // libpq's default is a database named after the user, which need not be there.
  if (connection.ok() || connection.error().code() != Code::NotFound || parameters.values.contains("dbname"))
    return connection;
  return PgConnection::open(with_database(parameters, "postgres"), deadline, stop);
}

Result<std::vector<FoundDatabase>> list_postgres_databases(PgConnection& connection) {
  const PgRows rows =
      HF_TRY(connection.query("SELECT datname, datallowconn FROM pg_database WHERE datname <> 'template0'"));
  std::vector<FoundDatabase> databases;
  for (size_t row = 0; row < rows.size(); ++row) databases.push_back({rows.text(row, 0), rows.flag(row, 1)});
  std::sort(databases.begin(), databases.end(), [](const FoundDatabase& a, const FoundDatabase& b) {
    return compare_paths(pg_file_name(a.name), pg_file_name(b.name)) < 0;
  });
  return databases;
}

std::optional<std::string> PostgresSpec::why_left_out(const std::string& database) const {
  if (const auto found = excluded.find(database); found != excluded.end()) return found->second;
  if (databases.empty() || databases.contains(database)) return std::nullopt;
  return "option databases names others";
}

Status expect_postgres_databases(const PostgresSpec& spec, const std::vector<FoundDatabase>& databases) {
  for (const std::string& name : spec.databases)
    if (std::none_of(databases.begin(), databases.end(),
                     [&](const FoundDatabase& found) { return found.name == name; }))
      return Error(Code::NotFound, "the server has no database " + printable(name) + ", which option databases names")
          .with_hint("correct the name in `databases`, or take it out");
  return {};
}

Result<std::string> find_postgres_tool(const SourceWorld& world, const PostgresSpec& spec, const char* name,
                                       int server_version, const Deadline& deadline, const std::stop_token& stop) {
  const PgToolQuery query{.name = name, .bin = spec.bin, .major_min = server_version / 10000};
  return HF_TRY(find_pg_tool(world.fs, world.process, query, deadline, stop)).path;
}

}  // namespace hf
