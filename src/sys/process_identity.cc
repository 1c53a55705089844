#include "sys/process_identity.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace hf {
namespace {

// A file of /proc; "" if it cannot be read.
std::string read_proc(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[4096];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
}

// Boot and PID namespace: where a process number means something.
std::string place() {
  std::string boot = read_proc("/proc/sys/kernel/random/boot_id");
  while (!boot.empty() && boot.back() == '\n') boot.pop_back();
  char name[64];
  const ssize_t got = ::readlink("/proc/self/ns/pid", name, sizeof name);
  if (boot.empty() || got <= 0) return {};
  return boot + "/" + std::string(name, static_cast<size_t>(got));
}

// Start time in clock ticks since boot: the 22nd field, counted behind the command's closing bracket.
std::string start_of(const std::string& pid) {
  const std::string stat = read_proc("/proc/" + pid + "/stat");
  size_t at = stat.rfind(')');
  if (at == std::string::npos) return {};
  for (int field = 2; field < 22; ++field) {
    at = stat.find(' ', at + 1);
    if (at == std::string::npos) return {};
  }
  return stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

}  // namespace

std::string process_identity() {
  const std::string where = place(), pid = std::to_string(::getpid()), start = start_of(pid);
  if (where.empty() || start.empty()) return {};
  return where + "/" + pid + "/" + start;
}

bool is_process_gone(const std::string& identity) {
  const std::string where = place();
  if (where.empty() || !identity.starts_with(where + "/")) return false;
  const std::string rest = identity.substr(where.size() + 1);
  const size_t slash = rest.find('/');
  if (slash == std::string::npos) return false;
  return start_of(rest.substr(0, slash)) != rest.substr(slash + 1);
}

}  // namespace hf
