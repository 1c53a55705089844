// The real world, and the program in it.
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "app/program.h"
#include "app/signals.h"
#include "sys/posix_fs.h"
#include "sys/real_world.h"

namespace {

// Keys are in memory: no core file, and no other process of this user may look.
void keep_memory_private() {
  prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// Those this process may run on: a container often has fewer than the machine.
unsigned processor_count() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&allowed)));
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory_private();
  hf::Signals signals;
  const auto clock = hf::make_real_clock();
  const auto entropy = hf::make_real_entropy();
  const auto fs = hf::make_posix_fs();
  const auto process = hf::make_posix_process(*clock);
  const auto http = hf::make_curl_http(*clock);
  const auto terminal = hf::make_real_terminal();
  hf::Meter meter;
  hf::Program program{.clock = *clock,
                      .entropy = *entropy,
                      .meter = meter,
                      .fs = *fs,
                      .process = *process,
                      .http = *http,
                      .terminal = *terminal};
  program.environment = [](const char* name) {
    const char* value = getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  program.host = host_name();
  program.processors = processor_count();
  program.stop = signals.token();
  program.is_terminated = [&] { return signals.is_terminated(); };
  program.on_state_asked = [&](std::function<void()> answer) { signals.on_state_asked(std::move(answer)); };
  return hf::run(program, std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}
