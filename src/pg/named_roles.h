// The roles that statements of a dump name: owners, and those in grants, default privileges and policies.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace hf {

// What stands behind TO, FROM, ROLE and AUTHORIZATION, unless it is no name of a role: of statements of these kinds.
void add_roles_behind(std::string_view statements, std::set<std::string>& roles);
// Whether a statement does nothing but give an owner, or grant or revoke.
bool is_about_owners(std::string_view statement);
// Those of any statement.
void add_roles_of(std::string_view statement, std::set<std::string>& roles);

}  // namespace hf
