// Process: child programs, always an argument vector, never a shell.
//
// A child gets an environment given here and nothing of ours, its own process group, no open descriptor but its
// three, and a Deadline: then TERM to the group, KILL five seconds later. What it writes to standard error is kept,
// capped, as untrusted detail.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace hf {

// Gives bytes to a child's standard input; blocks while the pipe is full, and takes what the child writes meanwhile.
// An error: nothing more can be given, and the producer ends.
using ProcessInput = std::function<Status(BytesView)>;

struct ProcessSpec {
  std::vector<std::string> argv;                   // argv[0] is looked up in PATH of `environment`
  std::map<std::string, std::string> environment;  // the whole of it
  std::string directory;                           // "": ours
  size_t stderr_bytes_max = 64 << 10;              // beyond it the middle is dropped
  // Called once, on the caller's thread, to give all of standard input, which is closed when it returns. Empty:
  // /dev/null. An error it returns kills the child and is returned, unless it is the child that reads no more.
  // Requires: SIGPIPE is ignored (app/signals.cc).
  std::function<Status(const ProcessInput& give)> input;
};

struct ProcessEnd {
  int status = 0;  // exit status, or 128 + signal
  std::string stderr_text;
  bool took_input = true;  // false: it ended or closed its standard input before all was given
};

class Process {
 public:
  virtual ~Process() = default;
  // Runs to the end. `on_stdout` gets standard output as it comes; an error it returns kills the child and is returned.
  // NotFound: no such program; Timeout: killed at the deadline. A non-zero status is not an error here.
  virtual Result<ProcessEnd> run(const ProcessSpec& spec, const std::function<Status(BytesView)>& on_stdout,
                                 const Deadline& deadline, std::stop_token stop) = 0;
};

std::unique_ptr<Process> make_posix_process(Clock& clock);

}  // namespace hf
