#include "source/postgres_target.h"

#include <algorithm>

#include "base/secret_opener.h"
#include "base/text.h"
#include "pg/names.h"
#include "source/postgres_server.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr int port_max = 65535;
constexpr Duration look_time_max = std::chrono::minutes(5);

}  // namespace

Result<PgParameters> parse_pg_target(const SourceWorld& world, const std::string& dsn) {
  if (is_secret_reference(dsn)) return read_pg_dsn(world, dsn, "--dsn");
  PgParameters parameters = HF_TRY(parse_pg_parameters(dsn).during("--dsn"));
  if (parameters.password)
    return Error(Code::Invalid, "a password in --dsn can be read by everybody on this machine")
        .with_hint(
            "leave it to ~/.pgpass or a service file, or name a secret that holds the connection: env:NAME or "
            "file:PATH");
  return parameters;
}

Status check_pg_port(const LoadRequest& request) {
  if (!request.port) return {};
  if (request.new_instance.empty())
    return Error(Code::Invalid, "--port is for --new-instance").with_hint("write port=… into --dsn");
  if (*request.port < 1 || *request.port > port_max)
    return Error(Code::Invalid, "--port is not from 1 to 65535").with_hint("for example: --port 5433");
  return {};
}

Result<PostgresTarget> PostgresTarget::look(Env env, const PgParameters& server, const std::string& database,
                                            std::stop_token stop) {
  const Deadline deadline(env.clock, look_time_max);
  // libpq's default is a database named after the user.
  const std::string first = database == "postgres" ? "template1" : "postgres";
  const std::unique_ptr<PgConnection> connection =
      HF_TRY(PgConnection::open(with_database(server, first), deadline, stop));
  PostgresTarget target(connection->resolved(), database);
  HF_TRY(target.look_at_server(*connection).during("look at the server"));
  if (!target.has_database_) return target;
  const std::unique_ptr<PgConnection> inside =
      HF_TRY(PgConnection::open(with_database(server, database), deadline, stop));
  HF_TRY(target.look_at_database(*inside).during("look at database " + printable(database)));
  return target;
}

Status PostgresTarget::look_at_server(PgConnection& connection) {
  if (HF_TRY(connection.query("SELECT pg_is_in_recovery()")).flag(0, 0))
    return Error(Code::Refused, "the server is a standby, and cannot be written to")
        .with_hint("name its primary, or another server");
  // Not everybody may ask.
  const Result<PgRows> identity = connection.query("SELECT system_identifier FROM pg_control_system()");
  if (identity.ok()) system_identifier_ = identity.value().text(0, 0);
  const PgRows rows = HF_TRY(connection.query("SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname"));
  for (size_t row = 0; row < rows.size(); ++row) databases_.push_back(rows.text(row, 0));
  has_database_ = std::find(databases_.begin(), databases_.end(), database_) != databases_.end();
  return {};
}

Status PostgresTarget::look_at_database(PgConnection& connection) {
  const PgRows rows =
      HF_TRY(connection.query("SELECT n.nspname || '.' || c.relname, greatest(c.reltuples, "
                              "pg_stat_get_live_tuples(c.oid), 0)::int8, pg_total_relation_size(c.oid)"
                              " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                              " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"));
  uint64_t count = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    tables_.push_back({rows.text(row, 0), rows.number(row, 1), rows.number(row, 2)});
    count += rows.number(row, 1);
  }
  is_empty_ =
      HF_TRY(connection.query("SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                              " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS"
                              " (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
                              " AND d.deptype = 'e'))"))
          .flag(0, 0);
  const PgRows whole =
      HF_TRY(connection.query("SELECT pg_database_size(current_database()), (SELECT count(*) FROM pg_stat_activity"
                              " WHERE datname = current_database() AND pid <> pg_backend_pid())"));
  losses_ = {"database " + printable(database_) + " of " + shown() +
                 " will be dropped: " + format_count(tables_.size(), "table", "tables") + ", about " +
                 format_count(count, "row", "rows") + ", " + format_bytes(whole.number(0, 0)),
             "its sessions will be ended: " + std::to_string(whole.number(0, 1)) + " now"};
  return {};
}

std::string PostgresTarget::server() const {
  const auto value = [&](const char* keyword) {
    const auto found = server_.values.find(keyword);
    return found == server_.values.end() ? std::string() : found->second;
  };
  return printable(value("host") + ":" + value("port"));
}

std::string PostgresTarget::shown() const {
  return "server " + server();
}

PgParameters PostgresTarget::maintenance() const {
  return with_database(server_, database_ == "postgres" ? "template1" : "postgres");
}

std::vector<std::string> PostgresTarget::losses_of(const std::vector<std::string>& tables) const {
  uint64_t count = 0, rows = 0, bytes = 0;
  for (const Table& table : tables_) {
    if (std::find(tables.begin(), tables.end(), table.name) == tables.end()) continue;
    ++count;
    rows += table.rows;
    bytes += table.bytes;
  }
  return {"in database " + printable(database_) + " of " + shown() + ", " + format_count(count, "table", "tables") +
          " that the point has will be dropped and made again: about " + format_count(rows, "row", "rows") + ", " +
          format_bytes(bytes) + "; also its functions, views and types that the point has"};
}

std::string PostgresTarget::why_production(const RecordedSource& recorded) const {
  const auto fact = recorded.facts.find("system_identifier");
  if (fact != recorded.facts.end() && fact->second == system_identifier_)
    return "it is the server that the point was taken from";
  if (fact == recorded.facts.end() || system_identifier_.empty())
    return "it may be the server that the point was taken from: the identity of one of them is not known";
  return {};
}

std::vector<std::string> PostgresTarget::other_databases() const {
  std::vector<std::string> others;
  for (const std::string& name : databases_)
    if (name != database_) others.push_back(name + ": the restore does not touch it");
  return others;
}

}  // namespace hf
