#include "source/glob.h"

#include <algorithm>
#include <optional>

namespace hf {
namespace {

// The set that begins at pattern[at] == '['. Nothing if it is not closed: then the bracket is a character as any other.
std::optional<bool> set_contains(std::string_view pattern, size_t& at, char c) {
  size_t i = at + 1;
  const bool inverted = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (inverted) ++i;
  bool found = false;
  for (size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    found = found || (low <= byte && byte <= high);
  }
  if (i >= pattern.size()) return std::nullopt;
  at = i + 1;
  return found != inverted;
}

// One character of `name` against what stands at pattern[at], which is not `*`; moves `at` behind it.
bool one_matches(std::string_view pattern, size_t& at, char c) {
  if (pattern[at] == '?') return ++at, true;
  if (pattern[at] == '[') {
    if (const std::optional<bool> contained = set_contains(pattern, at, c)) return *contained;
  }
  if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
  return pattern[at++] == c;
}

// Both `*` in a name and `**` in a path are matched by going back to the last star only: what an earlier star could
// still give, the last one can as well.
bool path_matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  size_t p = 0, i = 0, star = pattern.size(), resume = 0;
  while (i < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      resume = i;
    } else if (p < pattern.size() && glob_matches(pattern[p], path[i])) {
      ++p;
      ++i;
    } else if (star < pattern.size()) {
      p = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  // A trailing `**` is what is inside, not the directory itself.
  return p == pattern.size();
}

}  // namespace

bool is_glob(std::string_view text) {
  return text.find_first_of("*?[\\") != text.npos;
}

bool glob_matches(std::string_view pattern, std::string_view name) {
  size_t p = 0, i = 0, star = pattern.npos, resume = 0;
  while (i < name.size()) {
    size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = i;
    } else if (p < pattern.size() && one_matches(pattern, next, name[i])) {
      p = next;
      ++i;
    } else if (star != pattern.npos) {
      p = star;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> components;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) components.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return components;
}

Result<Excludes> Excludes::parse(const std::vector<std::string>& rules) {
  Excludes excludes;
  for (const std::string& text : rules) {
    Rule rule;
    std::string_view rest = text;
    rule.includes = rest.starts_with('!');
    if (rule.includes) rest.remove_prefix(1);
    rule.directories_only = rest.ends_with('/');
    if (rule.directories_only) rest.remove_suffix(1);
    rule.is_anchored = rest.find('/') != rest.npos;
    rule.components = split_path(rest);
    if (rule.components.empty()) return Error(Code::Invalid, "the exclude rule \"" + text + "\" names nothing");
    excludes.rules_.push_back(std::move(rule));
  }
  return excludes;
}

bool Excludes::excludes(std::string_view path, bool is_directory) const {
  if (rules_.empty()) return false;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::vector<std::string> components;  // split only when a rule needs it
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directories_only && !is_directory) continue;
    if (rule->is_anchored && components.empty()) components = split_path(path);
    const bool matches =
        rule->is_anchored ? path_matches(rule->components, components) : glob_matches(rule->components[0], name);
    if (matches) return !rule->includes;
  }
  return false;
}

}  // namespace hf
