#include "source/sql_guard.h"

#include <algorithm>

#include "sys/entry.h"

namespace hf {
namespace {

// \restrict with a key as pg_dump makes them: letters and digits, so that nothing of it is expanded.
bool is_harmless(std::string_view command) {
  for (const std::string_view word : {"\\restrict ", "\\unrestrict "}) {
    if (!command.starts_with(word)) continue;
    std::string_view key = command.substr(word.size());
    if (key.ends_with('\r')) key.remove_suffix(1);
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
  }
  return false;
}

}  // namespace

Status SqlGuard::meta_command(std::string_view text) {
  had_command_ = true;
  if (is_harmless(text)) return {};
  const std::string_view word = text.substr(0, std::min<size_t>(text.find_first_of(" \t\r", 1), 20));
  return Error(Code::Refused, "line " + std::to_string(script_.lines()) + " has " + printable(word) +
                                  ", which psql would run on this machine")
      .with_hint("a dump of one database has no such line; take it out if you know what it is for");
}

Status SqlGuard::feed(BytesView bytes) {
  return script_.feed(bytes);
}

Status SqlGuard::finish() {
  return script_.finish();
}

}  // namespace hf
