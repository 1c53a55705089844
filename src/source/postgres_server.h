// The server of a postgres source: what was asked for, how it is reached, and which databases and programs there are.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "pg/connection.h"
#include "source/source.h"

namespace hf {

struct PostgresSpec {
  std::string dsn;       // or a reference to it
  std::string password;  // a reference; "": libpq looks for one
  std::string bin;
  std::set<std::string> databases;              // only these; empty: all
  std::map<std::string, std::string> excluded;  // databases, and why
  size_t jobs = 2;
  bool role_passwords = true;
  uint64_t size_min = 0;
  Duration lock_timeout{}, timeout{};

  std::optional<std::string> why_left_out(const std::string& database) const;
};

// What all databases of a server share.
struct PostgresServer {
  const PostgresSpec& spec;
  PgParameters parameters;          // of the very server that answered first
  std::string pg_dump, pg_dumpall;  // programs
  int version = 0;
  bool in_recovery = false;
};

struct FoundDatabase {
  std::string name;
  bool allows_connections = true;
};

// `dsn` as it stands, or from the secret that it names. `what`: where it is from, for errors.
Result<PgParameters> read_pg_dsn(const SourceWorld& world, const std::string& dsn, const std::string& what);
// What options `dsn` and `password` (a secret, or "") come to.
Result<PgParameters> read_pg_options(const SourceWorld& world, const std::string& dsn, const std::string& password);
Result<std::unique_ptr<PgConnection>> connect_postgres(const SourceWorld& world, const PostgresSpec& spec,
                                                       const Deadline& deadline, const std::stop_token& stop);
// All but template0, in the order of their directories.
Result<std::vector<FoundDatabase>> list_postgres_databases(PgConnection& connection);
// NotFound: the server lacks one that the options name.
Status expect_postgres_databases(const PostgresSpec& spec, const std::vector<FoundDatabase>& databases);
// The path of one of the programs that fit a server of that version.
Result<std::string> find_postgres_tool(const SourceWorld& world, const PostgresSpec& spec, const char* name,
                                       int server_version, const Deadline& deadline, const std::stop_token& stop);

}  // namespace hf
