// Program: the world as main() made it, and the context that verbs run in.
#pragma once

#include <memory>

#include "app/out.h"
#include "app/progress.h"
#include "app/verb.h"
#include "base/env.h"
#include "sys/fs.h"
#include "sys/http.h"
#include "sys/process.h"

namespace hf {

struct Program {
  Clock& clock;
  Entropy& entropy;
  Meter& meter;
  Fs& fs;
  Process& process;
  HttpClient& http;
  Terminal& terminal;
  std::function<std::string(const char* name)> environment;  // "" if it is not set
  std::string host;
  unsigned processors = 1;
  std::stop_token stop;
  std::function<bool()> is_terminated;  // the request to stop was SIGTERM
  std::function<void(std::function<void()>)>
      on_state_asked;  // SIGUSR1: called on another thread; an empty function ends it

  Env env() const { return {clock, entropy, meter}; }
};

struct Context {
  Program& program;
  const Arguments& args;
  Out& out;
  Progress& progress;
};

// The whole program; returns its exit code. `arguments` is without the program's name.
int run(Program& program, const std::vector<std::string>& arguments);

}  // namespace hf
