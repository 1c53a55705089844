#include "pg/named_roles.h"

#include <algorithm>

#include "pg/words.h"

namespace hf {
namespace {

constexpr size_t statement_bytes_max = 64 << 10;  // of those that name roles; longer ones hold data

bool is_no_role(std::string_view word) {
  constexpr std::string_view words[] = {"public", "default", "none", "current_user", "current_role", "session_user"};
  return std::ranges::find(words, word) != std::end(words);
}

}  // namespace

void add_roles_behind(std::string_view statements, std::set<std::string>& roles) {
  SqlWords words(statements);
  SqlWords keywords(statements);
  bool is_next = false;
  while (!words.at_end()) {
    const bool is_quoted = keywords.next_place().is_quoted;
    const std::string word = words.next();
    if (word.empty()) return;
    if (!is_quoted && (word == "group" || word == "role") && is_next) continue;
    if (is_next && (is_quoted || !is_no_role(word))) roles.insert(word);
    is_next = !is_quoted && (word == "to" || word == "from" || word == "role" || word == "authorization");
  }
}

bool is_about_owners(std::string_view statement) {
  if (statement.size() > statement_bytes_max) return false;
  SqlWords words(statement);
  const std::string verb = words.next(), object = words.next();
  if (verb == "grant" || verb == "revoke") return true;
  return verb == "alter" && ((object == "default" && words.has("privileges")) || words.has("owner"));
}

void add_roles_of(std::string_view statement, std::set<std::string>& roles) {
  if (statement.size() > statement_bytes_max) return;
  SqlWords words(statement);
  const bool is_policy = words.next() == "create" && words.next() == "policy";
  if (is_policy || is_about_owners(statement)) add_roles_behind(statement, roles);
}

}  // namespace hf
