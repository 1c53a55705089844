// The `names` kind, the contract check: which required names a configuration lacks; names only, never a value.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "check/child.h"
#include "check/kinds.h"
#include "check/options.h"
#include "sys/entry.h"
#include "sys/env_file.h"

namespace hf {
namespace {

constexpr uint64_t file_bytes_max = 4 << 20;
constexpr size_t names_shown_max = 50;

struct NamesSpec {
  std::vector<std::string> required;  // one of three
  std::string required_file;
  ChildSpec required_run;
  std::string source;  // whose captured names are looked at, or
  std::string env_file;
  bool allows_empty = false;
};

bool is_name(std::string_view text) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 200 && std::ranges::all_of(text, is_good);
}

// One name a line; empty lines and comments are passed over. What is no name may be a value, so it is not repeated.
Result<std::vector<std::string>> read_names(std::string_view text) {
  std::vector<std::string> names;
  size_t line = 0;
  for (size_t begin = 0; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view name = text.substr(begin, end - begin);
    begin = end + 1;
    if (name.ends_with('\r')) name.remove_suffix(1);
    if (name.empty() || name.starts_with('#')) continue;
    if (!is_name(name)) return Error(Code::Invalid, "line " + std::to_string(line + 1) + " is not a name");
    names.emplace_back(name);
  }
  if (names.empty()) return Error(Code::Invalid, "it names nothing that is required");
  return names;
}

Result<std::vector<std::string>> required_names(const NamesSpec& spec, const CheckWorld& world,
                                                const Deadline& deadline, const std::stop_token& stop) {
  if (!spec.required.empty()) return spec.required;
  if (!spec.required_file.empty()) {
    const Bytes text = HF_TRY(read_whole_file(world.fs, spec.required_file, file_bytes_max));
    return read_names(as_text(text)).during("read " + printable(spec.required_file));
  }
  const ChildEnd end = HF_TRY(run_child(spec.required_run, world, deadline, stop));
  const std::string program = printable(spec.required_run.argv[0]);
  if (end.status != 0)
    return Error(Code::Failed, program + " ended with status " + std::to_string(end.status)).with_detail(end.output);
  return read_names(end.output).during("read what " + program + " writes");
}

Result<std::vector<CapturedName>> present_names(const NamesSpec& spec, const CheckWorld& world) {
  if (spec.env_file.empty()) return world.subject.names(spec.source);
  std::vector<CapturedName> names;
  const auto visit = [&](std::string_view name, std::string_view value) -> Status {
    names.push_back({std::string(name), value.empty()});
    return {};
  };
  HF_TRY(read_env_file(world.fs, spec.env_file, visit));
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), names_shown_max);
  std::string text = join({names.begin(), names.begin() + static_cast<ptrdiff_t>(shown)}, ", ");
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

Result<Verdict> compare(const NamesSpec& spec, const CheckWorld& world, const Deadline& deadline,
                        std::stop_token stop) {
  const std::vector<std::string> required = HF_TRY(required_names(spec, world, deadline, stop));
  std::map<std::string, bool> present;  // whether there is one that is not empty
  for (const CapturedName& name : HF_TRY(present_names(spec, world))) present[name.name] |= !name.is_empty;
  std::set<std::string> missing, empty;
  for (const std::string& name : required) {
    const auto found = present.find(name);
    if (found == present.end())
      missing.insert(name);
    else if (!found->second && !spec.allows_empty)
      empty.insert(name);
  }
  std::string message;
  if (!missing.empty()) message = "missing: " + listed({missing.begin(), missing.end()});
  if (!empty.empty()) message += (message.empty() ? "" : "; ") + ("empty: " + listed({empty.begin(), empty.end()}));
  if (message.empty()) return Verdict{true, format_count(required.size(), "name", "names") + " present", ""};
  return Verdict{false, message, ""};
}

Result<Check> prepare(const CheckOptions& options) {
  NamesSpec spec{.required = list_of(options, "names"),
                 .required_file = text_of(options, "names.file"),
                 .required_run = {.argv = list_of(options, "names.run"), .env = map_of(options, "names.env")},
                 .source = text_of(options, "on"),
                 .env_file = text_of(options, "env_file"),
                 .allows_empty = flag_of(options, "allow_empty")};
  spec.required_run.directory = text_of(options, "names.cwd");
  const int ways = !spec.required.empty() + !spec.required_file.empty() + !spec.required_run.argv.empty();
  if (ways != 1) return Error(Code::Invalid, "\"names\" takes a list of names, {file: PATH} or {run: [PROGRAM, …]}");
  for (const std::string& name : spec.required)
    if (!is_name(name)) return Error(Code::Invalid, "one of \"names\" is not a name");
  if (!spec.source.empty() && !spec.env_file.empty())
    return Error(Code::Invalid, "either \"on\" or \"env_file\", not both");
  Check check;
  check.what = "names";
  if (!spec.source.empty()) check.what += " on " + printable(spec.source);
  if (!spec.env_file.empty()) check.what += " in " + printable(spec.env_file);
  check.needs_point = spec.env_file.empty();
  if (!spec.source.empty()) check.sources = {spec.source};
  check.run = [spec = std::move(spec)](const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
    return compare(spec, world, deadline, std::move(stop));
  };
  return check;
}

}  // namespace

CheckKind names_check_kind() {
  using Type = CheckOption::Type;
  return {.name = "names",
          .help = "The contract check: names that must be configured.",
          .options = with_common({
              {"names", "the names that are required, or where they are found", Type::TextList, true},
              {"names.file", "a file with one name a line"},
              {"names.run", "a program, with its arguments, that writes one name a line", Type::TextList},
              {"names.env", "variables for that program; `$name` is a secret", Type::Map},
              {"names.cwd", "the directory it runs in"},
              {"on", "the source of type config whose names are looked at (default: the only one)", Type::Source},
              {"env_file", "a file on this machine to look at instead, of NAME=value lines"},
              {"allow_empty", "a name without a value is there, too", Type::Flag},
          }),
          .prepare = prepare};
}

}  // namespace hf
