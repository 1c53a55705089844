// PostgresDatabase: one database of a server into the tree: its schema by pg_dump, its rows table by table, all of one
// snapshot, and toc.json, which says that it is whole.
#pragma once

#include "source/postgres_server.h"
#include "source/postgres_tree.h"

namespace hf {

// Errors name the database and, where it is one, the table.
Status dump_postgres_database(const SourceWorld& world, const PostgresServer& server, const std::string& database,
                              PostgresTree& tree, const Deadline& deadline, std::stop_token stop);

}  // namespace hf
