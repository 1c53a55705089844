#include "pg/tools.h"

#include <algorithm>
#include <charconv>

#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::string_view path_default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const std::string versions_directory = "/usr/lib/postgresql";  // where Debian's packages are, a directory a major

int leading_number(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string package_hint(int major) {
  return "install postgresql-client-" + std::to_string(major) +
         ", or name the directory of newer programs with option bin";
}

std::vector<int> majors_installed(Fs& fs, const std::string& program) {
  std::vector<int> majors;
  const Result<std::unique_ptr<Directory>> directory = fs.open_directory(versions_directory);
  if (!directory.ok()) return majors;
  const Result<std::vector<DirectoryEntry>> entries = directory.value()->entries();
  if (!entries.ok()) return majors;
  for (const DirectoryEntry& entry : entries.value())
    if (directory.value()->info(entry.name + "/bin/" + program).ok()) majors.push_back(leading_number(entry.name));
  std::sort(majors.begin(), majors.end());
  return majors;
}

// What to start: a path, or a name that PATH resolves.
std::string choose(Fs& fs, const PgToolQuery& query) {
  if (!query.bin.empty()) return query.bin + "/" + query.name;
  const std::vector<int> majors = majors_installed(fs, query.name);
  const auto in = [&](int major) { return versions_directory + "/" + std::to_string(major) + "/bin/" + query.name; };
  // The server's own major first: what a newer one writes may not load into such a server again.
  if (std::find(majors.begin(), majors.end(), query.major_min) != majors.end()) return in(query.major_min);
  if (!majors.empty() && majors.back() > query.major_min) return in(majors.back());
  return query.name;
}

}  // namespace

std::map<std::string, std::string> pg_tool_environment() {
  return {{"PATH", std::string(path_default)}, {"LC_ALL", "C"}};
}

Result<PgTool> find_pg_tool(Fs& fs, Process& process, const PgToolQuery& query, const Deadline& deadline,
                            std::stop_token stop) {
  PgTool tool{.path = choose(fs, query)};
  std::string output;
  const auto take = [&](BytesView bytes) {
    if (output.size() < 4096) output += as_text(bytes);
    return Status();
  };
  Result<ProcessEnd> end =
      process.run({.argv = {tool.path, "--version"}, .environment = pg_tool_environment()}, take, deadline, stop);
  if (!end.ok() && end.error().code() == Code::NotFound)
    return Error(Code::Failed, query.name + " is not there" + (query.bin.empty() ? "" : " in " + printable(query.bin)))
        .with_hint(package_hint(query.major_min));
  if (!end.ok()) return std::move(end).error();
  // "pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)"
  const size_t at = output.find("(PostgreSQL) ");
  if (end.value().status != 0 || at == output.npos)
    return Error(Code::Failed, query.name + " does not tell its version").with_detail(output + end.value().stderr_text);
  tool.major = leading_number(std::string_view(output).substr(at + 13));
  if (tool.major < query.major_min)
    return Error(Code::Failed, query.name + " is of version " + std::to_string(tool.major) +
                                   ", older than the server's, which is " + std::to_string(query.major_min))
        .with_hint(package_hint(query.major_min));
  return tool;
}

}  // namespace hf
