// PgParameters: where a PostgreSQL server is and who we are there, with the password kept apart.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace hf {

struct PgParameters {
  std::map<std::string, std::string> values;  // libpq's keywords: host, port, user, dbname, sslmode, …
  std::optional<Credential> password;         // none: libpq looks in its password file
};

// libpq's two forms: `host=db user=backup dbname=app` or `postgresql://backup@db/app`; what is left out comes from
// libpq's environment variables and service file when it connects. Invalid if it is neither; no error shows any of it.
Result<PgParameters> parse_pg_parameters(std::string_view text);

PgParameters copy_of(const PgParameters& parameters);
// A copy, connecting to another database of the same server.
PgParameters with_database(const PgParameters& parameters, const std::string& database);

// `host='db' user='backup'`: everything but the password, for the command line of a child program.
std::string pg_connection_text(const PgParameters& parameters);
// For the child's environment: the password, if there is one. The environment of a process can be read by its own user
// and root alone, who could read this process's memory as well, and a kill leaves nothing behind, as it would of a
// password file.
std::map<std::string, std::string> pg_child_environment(const PgParameters& parameters);

}  // namespace hf
