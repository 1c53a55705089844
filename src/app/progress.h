// Progress: where a long piece of work stands, shown as it goes.
//
// On a terminal one line is rewritten about ten times a second; elsewhere a line is written every 30 seconds; with -o
// jsonl there is an event every second. print_state() answers SIGUSR1 at any time. Safe to call from several threads.
#pragma once

#include "app/out.h"
#include "base/clock.h"

namespace hf {

struct Work {
  std::string doing;  // "backup uploads"
  uint64_t bytes = 0;
  uint64_t bytes_total = 0;  // 0: unknown
  uint64_t entries = 0;
};

// "backup uploads: 1.2 GiB of 3.4 GiB, 210 MiB/s, 10 s left".
std::string describe(const Work& work, Duration since_begin);

class Progress {
 public:
  Progress(Clock& clock, Terminal& terminal, Out& out) : clock_(clock), terminal_(terminal), out_(out) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const Work& work);
  // Removes the line from the terminal: before anything else is written there.
  void clear();
  void print_state();

 private:
  struct State {
    Work work;
    bool any = false, line_shown = false;
    MonoTime begin, last_line, last_event;
  };
  void draw(State& state, MonoTime now);

  Clock& clock_;
  Terminal& terminal_;
  Out& out_;
  Guarded<State> state_;
};

}  // namespace hf
