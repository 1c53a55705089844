// The roles that an archive of pg_dump names: owners, and those in its grants and policies.
#pragma once

#include <set>
#include <string>

#include "pg/dump_format.h"

namespace hf {

void add_named_roles(const PgDump& dump, std::set<std::string>& roles);
// Statements that make them. `bootstrap`: the one that every server has.
std::string make_roles_script(const std::set<std::string>& roles, const std::string& bootstrap);

}  // namespace hf
