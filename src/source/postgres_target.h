// PostgresTarget: a server that runs, looked at before something is restored into one of its databases.
#pragma once

#include "pg/connection.h"
#include "source/source.h"

namespace hf {

// What --dsn says: a connection without a password, or a reference to a secret that holds one.
Result<PgParameters> parse_pg_target(const SourceWorld& world, const std::string& dsn);

// Invalid: --port is none, or not for what is asked.
Status check_pg_port(const LoadRequest& request);

class PostgresTarget {
 public:
  // Refused: it is a standby.
  static Result<PostgresTarget> look(Env env, const PgParameters& server, const std::string& database,
                                     std::stop_token stop);

  bool has_database() const { return has_database_; }
  // Nothing of anybody's is in it, but what extensions brought.
  bool is_empty() const { return is_empty_; }
  std::string server() const;  // "/run/postgresql:5432"
  // For messages: "server /run/postgresql:5432".
  std::string shown() const;
  // To a database that is not the one restored into.
  PgParameters maintenance() const;
  // For people: what goes with the database, or with those of its tables ("schema.table").
  std::vector<std::string> losses_of_all() const { return losses_; }
  std::vector<std::string> losses_of(const std::vector<std::string>& tables) const;
  // Why it must be taken for the server that the point was taken from; "" if it is another one.
  std::string why_production(const RecordedSource& recorded) const;
  // All but that one, each with a reason, as a postgres source leaves them out.
  std::vector<std::string> other_databases() const;

 private:
  struct Table {
    std::string name;
    uint64_t rows = 0, bytes = 0;
  };
  PostgresTarget(PgParameters server, std::string database)
      : server_(std::move(server)), database_(std::move(database)) {}
  Status look_at_server(PgConnection& connection);
  Status look_at_database(PgConnection& connection);

  PgParameters server_;  // resolved
  std::string database_, system_identifier_;
  bool has_database_ = false, is_empty_ = false;
  std::vector<std::string> databases_, losses_;
  std::vector<Table> tables_;
};

}  // namespace hf
