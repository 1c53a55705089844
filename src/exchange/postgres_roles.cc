#include "exchange/postgres_roles.h"

#include "pg/named_roles.h"
#include "pg/names.h"

namespace hf {

void add_named_roles(const PgDump& dump, std::set<std::string>& roles) {
  for (const PgDumpEntry& entry : dump.entries) {
    if (entry.owner && !entry.owner->empty()) roles.insert(*entry.owner);
    if (entry.definition && (entry.is("ACL") || entry.is("DEFAULT ACL") || entry.is("POLICY")))
      add_roles_behind(*entry.definition, roles);
  }
}

std::string make_roles_script(const std::set<std::string>& roles, const std::string& bootstrap) {
  std::string script = "-- Roles that the archive names. It has neither their passwords nor their memberships.\n";
  for (const std::string& role : roles)
    if (role != bootstrap && !role.starts_with("pg_")) script += "CREATE ROLE " + pg_quoted(role) + ";\n";
  return script;
}

}  // namespace hf
