#include "sys/posix_spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "sys/entry.h"

namespace hf {
namespace {

struct Pipe {
  Fd read_end, write_end;
};

enum class ChildEnd { Read, Write };

// The child's end blocks, ours does not.
Result<Pipe> make_pipe(ChildEnd child_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return system_error(errno, "make a pipe", "");
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  Fd& theirs = child_end == ChildEnd::Read ? pipe.read_end : pipe.write_end;
  const Fd& ours = child_end == ChildEnd::Read ? pipe.write_end : pipe.read_end;
  // Above the three, so that putting one end in its place in the child cannot overwrite another.
  const int moved = fcntl(theirs.get(), F_DUPFD_CLOEXEC, 3);
  if (moved < 0) return system_error(errno, "make a pipe", "");
  theirs = Fd(moved);
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) < 0) return system_error(errno, "make a pipe", "");
  return pipe;
}

bool is_program(const std::string& path) {
  struct stat raw;
  return stat(path.c_str(), &raw) == 0 && S_ISREG(raw.st_mode) && access(path.c_str(), X_OK) == 0;
}

// As execvp does, but in the child's PATH, and never in the working directory.
Result<std::string> find_program(const ProcessSpec& spec) {
  const std::string& name = spec.argv[0];
  if (name.find('/') != name.npos) return name;
  const auto variable = spec.environment.find("PATH");
  const std::string path = variable == spec.environment.end() ? "/usr/bin:/bin" : variable->second;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string candidate = path.substr(begin, end - begin) + "/" + name;
    if (end > begin && !name.empty() && is_program(candidate)) return candidate;
    begin = end + 1;
  }
  return Error(Code::NotFound, "no program " + printable(name) + " in PATH");
}

// Pointers to the strings, ended by a null pointer, as exec wants them.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool has_zero_byte(const ProcessSpec& spec) {
  const auto has = [](const std::string& text) { return text.find('\0') != text.npos; };
  return has(spec.directory) || std::any_of(spec.argv.begin(), spec.argv.end(), has) ||
         std::any_of(spec.environment.begin(), spec.environment.end(),
                     [&](const auto& variable) { return has(variable.first) || has(variable.second); });
}

// What is done in the child between its birth and the program's. posix_spawn does it without running our code in a
// copy of a process with threads, and without copying page tables.
class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  // An errno, or 0. `in` -1: /dev/null.
  int fill(const std::string& directory, int in, int out, int err) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    constexpr short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    int number = in < 0 ? posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
                        : posix_spawn_file_actions_adddup2(&actions, in, 0);
    if (number == 0) number = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (number == 0) number = posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (number == 0) number = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (number == 0 && !directory.empty()) number = posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    if (number == 0) number = posix_spawnattr_setpgroup(&attributes, 0);
    if (number == 0) number = posix_spawnattr_setsigmask(&attributes, &none);
    if (number == 0) number = posix_spawnattr_setsigdefault(&attributes, &all);
    if (number == 0) number = posix_spawnattr_setflags(&attributes, flags);
    return number;
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

}  // namespace

Result<Child> Child::start(const ProcessSpec& spec) {
  if (spec.argv.empty()) return Error(Code::Invalid, "a program without a name");
  if (has_zero_byte(spec))
    return Error(Code::Invalid, "a zero byte in what program " + printable(spec.argv[0]) + " gets");
  const std::string program = HF_TRY(find_program(spec));
  Pipe in;
  if (spec.input) in = HF_TRY(make_pipe(ChildEnd::Read));
  Pipe out = HF_TRY(make_pipe(ChildEnd::Write));
  Pipe err = HF_TRY(make_pipe(ChildEnd::Write));
  std::vector<std::string> arguments = spec.argv;
  std::vector<std::string> variables;
  for (const auto& [name, value] : spec.environment) variables.push_back(name + "=" + value);

  SpawnPlan plan;
  Child child;
  int number = plan.fill(spec.directory, in.read_end.get(), out.write_end.get(), err.write_end.get());
  if (number == 0) {
    number = posix_spawn(&child.pid_, program.c_str(), &plan.actions, &plan.attributes, pointers_to(arguments).data(),
                         pointers_to(variables).data());
  }
  if (number != 0) {
    child.pid_ = -1;
    return system_error(number, "start", spec.argv[0]);
  }
  child.in_ = std::move(in.write_end);
  child.out_ = std::move(out.read_end);
  child.err_ = std::move(err.read_end);
  child.pidfd_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.pidfd_.is_open()) return system_error(errno, "watch", spec.argv[0]);
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      pidfd_(std::move(other.pidfd_)) {}

Child::~Child() {
  if (pid_ < 0) return;
  signal_group(SIGKILL);
  reap();
}

void Child::signal_group(int signal) const {
  HF_ASSERT(pid_ > 0);
  kill(-pid_, signal);
}

int Child::reap() {
  HF_ASSERT(pid_ > 0);
  siginfo_t info{};
  const int result = retry_interrupted([&] { return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED); });
  HF_ASSERT(result == 0);
  pid_ = -1;
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace hf
