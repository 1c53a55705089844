// Whatever text as exclude rules and a path: an answer in time; a name matches itself and `*`; `!` has the last word.
#include "source/glob.h"

namespace hf {
namespace {

std::string escaped(std::string_view name) {
  std::string pattern;
  for (const char c : name) pattern += {'\\', c};
  return pattern;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void match(std::string_view text) {
  // The first line is the path, each other one a rule.
  std::vector<std::string> rules = split_lines(text);
  const std::string path = rules.front();
  rules.erase(rules.begin());
  for (const std::string& name : split_path(path)) {
    HF_ASSERT(!name.empty());
    HF_ASSERT(glob_matches("*", name));
    HF_ASSERT(glob_matches(escaped(name), name));
    for (const std::string& rule : rules) static_cast<void>(glob_matches(rule, name));
  }
  const Result<Excludes> excludes = Excludes::parse(rules);
  if (!excludes.ok()) return;
  // A rule for directories only may exclude more of them, or include them again: both answers are asked for.
  static_cast<void>(excludes.value().excludes(path, true));
  static_cast<void>(excludes.value().excludes(path, false));
  rules.emplace_back("!**");
  const Result<Excludes> all_included = Excludes::parse(rules);
  HF_ASSERT(all_included.ok());
  HF_ASSERT(!all_included.value().excludes(path, false));
}

}  // namespace
}  // namespace hf

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  hf::match(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
