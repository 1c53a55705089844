// PostgresDatabase: one database of a server into the tree: its schema by pg_dump, its rows table by table, all of one
// snapshot, and toc.json, which says that it is whole.
#pragma once

#include <map>

#include "pg/connection.h"
#include "source/postgres_tree.h"

namespace hf {

struct PostgresSpec {
  std::string dsn;       // or a reference to it
  std::string password;  // a reference; "": libpq looks for one
  std::string bin;
  std::map<std::string, std::string> excluded;  // databases, and why
  size_t jobs = 2;
  bool role_passwords = true;
  uint64_t size_min = 0;
  Duration lock_timeout{}, timeout{};
};

// What all databases of a server share.
struct PostgresServer {
  const PostgresSpec& spec;
  PgParameters parameters;          // of the very server that answered first
  std::string pg_dump, pg_dumpall;  // programs
  int version = 0;
  bool in_recovery = false;
};

// Errors name the database and, where it is one, the table.
Status dump_postgres_database(const SourceWorld& world, const PostgresServer& server, const std::string& database,
                              PostgresTree& tree, const Deadline& deadline, std::stop_token stop);

}  // namespace hf
