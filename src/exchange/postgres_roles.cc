#include "exchange/postgres_roles.h"

#include <algorithm>

#include "pg/names.h"
#include "pg/words.h"

namespace hf {
namespace {

// What stands behind TO, FROM, ROLE and AUTHORIZATION, unless it is no name of a role.
void add_roles_of(const std::string& statements, std::set<std::string>& roles) {
  SqlWords words(statements);
  SqlWords keywords(statements);
  bool is_next = false;
  while (!words.at_end()) {
    const bool is_quoted = keywords.next_place().is_quoted;
    const std::string word = words.next();
    if (word.empty()) return;
    if (!is_quoted && (word == "group" || word == "role") && is_next) continue;
    if (is_next && (is_quoted || (word != "public" && word != "default" && word != "current_user"))) roles.insert(word);
    is_next = !is_quoted && (word == "to" || word == "from" || word == "role" || word == "authorization");
  }
}

}  // namespace

void add_named_roles(const PgDump& dump, std::set<std::string>& roles) {
  for (const PgDumpEntry& entry : dump.entries) {
    if (entry.owner && !entry.owner->empty()) roles.insert(*entry.owner);
    if (entry.definition && (entry.is("ACL") || entry.is("DEFAULT ACL") || entry.is("POLICY")))
      add_roles_of(*entry.definition, roles);
  }
}

std::string make_roles_script(const std::set<std::string>& roles, const std::string& bootstrap) {
  std::string script = "-- Roles that the archive names. It has neither their passwords nor their memberships.\n";
  for (const std::string& role : roles)
    if (role != bootstrap && !role.starts_with("pg_")) script += "CREATE ROLE " + pg_quoted(role) + ";\n";
  return script;
}

}  // namespace hf
