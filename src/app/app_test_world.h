// A Program for tests: real files, a terminal that keeps what is written, simulated time.
#pragma once

#include "app/program.h"
#include "support/no_http.h"
#include "support/seeded_entropy.h"
#include "support/sim_clock.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"

namespace hf {

class KeptTerminal final : public Terminal {
 public:
  Status write(BytesView bytes) override {
    if (is_full) return Error(Code::Failed, "cannot write to standard output: no space");
    output += as_text(bytes);
    return {};
  }
  Status flush() override { return {}; }
  void write_error(std::string_view text) override { errors += text; }
  bool is_interactive() const override { return false; }
  bool shows_progress() const override { return false; }
  size_t columns() const override { return 80; }
  Result<Passphrase> ask_secret(std::string_view, std::stop_token) override {
    return Error(Code::Cancelled, "nobody is here");
  }
  Result<std::string> ask_line(std::string_view, std::stop_token) override {
    return Error(Code::Cancelled, "nobody is here");
  }
  Result<Passphrase> read_secret(int, size_t) override { return Error(Code::Failed, "nothing to read"); }
  Result<size_t> read(BytesSpan) override { return size_t{0}; }

  bool is_full = false;
  std::string output, errors;
};

struct TestProgram {
  SimClock clock;
  SeededEntropy entropy;
  Meter meter;
  TempDirectory directory;
  std::unique_ptr<Fs> fs = make_posix_fs();
  NoHttp http;
  std::unique_ptr<Process> process = make_posix_process(clock);
  KeptTerminal terminal;
  std::map<std::string, std::string> environment;
  std::stop_source stop;

  int run(const std::vector<std::string>& arguments) {
    terminal.output.clear();
    terminal.errors.clear();
    Program program{.clock = clock,
                    .entropy = entropy,
                    .meter = meter,
                    .fs = *fs,
                    .process = *process,
                    .http = http,
                    .terminal = terminal};
    environment["HOLDFAST_CACHE_DIR"] = directory / "cache";
    program.environment = [this](const char* name) { return environment.contains(name) ? environment[name] : ""; };
    program.stop = stop.get_token();
    return hf::run(program, arguments);
  }
};

}  // namespace hf
