// Loading of globals.sql: roles, their passwords and memberships.
#pragma once

#include "pg/connection.h"
#include "pg/load_log.h"
#include "sys/fs.h"

namespace hf {

struct PgGlobalsOptions {
  bool is_new_instance = false;  // roles that are there already are the instance's own, and get what is recorded
  std::string connected_as;      // a role that we go on to need
};

// Makes the roles of `directory`/globals.sql. On a server that is not new, roles that are there already are left
// exactly as they are. Tablespaces are left out, with a note: they are directories of another machine. Errors but
// 42710 for a role are errors, in words.
Status load_globals(PgConnection& connection, Directory& directory, const PgGlobalsOptions& options, PgLoadLog& log);

}  // namespace hf
