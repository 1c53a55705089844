#include "pg/programs.h"

#include <unistd.h>

#include <optional>

#include "pg/tools.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::string_view path_default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view user_default = "postgres";
constexpr Duration look_time_max = std::chrono::minutes(1);

// A user of a system's own has a group of its name; nobody's differs between distributions.
std::string group_of(const std::string& user) {
  return user == "nobody" ? "nogroup" : user;
}

std::string package_hint(const PgProgramsWanted& wanted) {
  const std::string major = std::to_string(wanted.major);
  return "install postgresql-" + std::string(wanted.is_server ? "" : "client-") + major +
         ", or name the directory of newer programs with --postgres-bin";
}

bool can_unshare(const PgWorld& world) {
  const ProcessSpec spec{.argv = {"unshare", "--net", "true"}, .environment = {{"PATH", std::string(path_default)}}};
  const Deadline deadline(world.env.clock, std::chrono::seconds(30));
  const Result<ProcessEnd> end = world.process.run(spec, [](BytesView) { return Status(); }, deadline, {});
  return end.ok() && end.value().status == 0;
}

}  // namespace

Result<PgPrograms> find_pg_programs(const PgWorld& world, const PgProgramsWanted& wanted, std::stop_token stop) {
  const Deadline deadline(world.env.clock, look_time_max);
  const std::string name = wanted.is_server ? "postgres" : "pg_restore";
  const PgToolQuery query{.name = name, .bin = wanted.bin, .major_min = wanted.major};
  Result<PgTool> found = find_pg_tool(world.fs, world.process, query, deadline, std::move(stop));
  if (!found.ok() && found.error().code() == Code::Cancelled) return std::move(found).error();
  if (!found.ok()) return std::move(found).error().with_hint(package_hint(wanted));
  const std::string& path = found.value().path;
  PgPrograms programs{.directory = path.substr(0, path.size() - name.size()), .major = found.value().major, .user = {}};
  if (geteuid() != 0) return programs;
  programs.user = wanted.user.empty() ? std::string(user_default) : wanted.user;
  if (wanted.user.empty() && !wanted.is_server && !world.fs.user_id(programs.user)) programs.user = "nobody";
  const std::optional<uint32_t> uid = world.fs.user_id(programs.user);
  if (!uid || *uid == 0)
    return Error(Code::Invalid, "PostgreSQL's programs cannot run as " + printable(programs.user) +
                                    (uid ? ", which is root" : ": there is no such user"))
        .with_hint("--postgres-user names another");
  programs.can_unshare = can_unshare(world);
  return programs;
}

ProcessSpec to_spec(const PgPrograms& programs, const PgCommand& command) {
  ProcessSpec spec;
  if (!command.has_network && programs.can_unshare) spec.argv = {"unshare", "--net", "--"};
  if (command.dies_with_us || !programs.user.empty()) spec.argv.push_back("setpriv");
  if (!programs.user.empty())
    spec.argv.insert(spec.argv.end(), {"--reuid", programs.user, "--regid", group_of(programs.user), "--init-groups"});
  // QUIT: a server ends at once, and its sessions with it; the next start would recover, but there is none.
  if (command.dies_with_us) spec.argv.insert(spec.argv.end(), {"--pdeathsig", "QUIT"});
  if (!spec.argv.empty() && spec.argv.back() != "--") spec.argv.push_back("--");
  spec.argv.push_back(programs.directory + command.program);
  spec.argv.insert(spec.argv.end(), command.arguments.begin(), command.arguments.end());
  spec.environment = {{"PATH", std::string(path_default)}, {"LC_ALL", "C.UTF-8"}};
  spec.directory = command.directory;
  return spec;
}

Status run_pg_command(const PgWorld& world, const PgPrograms& programs, const PgCommand& command, Duration time_max,
                      std::stop_token stop) {
  const Deadline deadline(world.env.clock, time_max);
  std::string said;
  const auto keep = [&](BytesView bytes) -> Status {
    if (said.size() < (16 << 10)) said += as_text(bytes);
    return {};
  };
  const ProcessEnd end = HF_TRY(world.process.run(to_spec(programs, command), keep, deadline, std::move(stop)));
  if (end.status == 0) return {};
  return Error(Code::Failed, command.program + " exited with status " + std::to_string(end.status))
      .with_detail(end.stderr_text + said);
}

Status give_to_pg_user(const PgWorld& world, const PgPrograms& programs, Directory& directory,
                       const std::string& path) {
  if (programs.user.empty()) return {};
  const std::optional<uint32_t> uid = world.fs.user_id(programs.user), gid = world.fs.group_id(group_of(programs.user));
  if (!uid || !gid) return Error(Code::Invalid, "there is no user and group " + printable(programs.user));
  return directory.set_owner(path, *uid, *gid);
}

}  // namespace hf
