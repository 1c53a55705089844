// Signals: INT and TERM become a request to stop; USR1 asks for the state of the work.
//
// Made before any other thread, so that all of them have the signals blocked and one thread takes them. A second INT or
// TERM ends the program at once: what was being written is found again by the next run. PIPE is ignored: a closed pipe
// is a failed write.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

namespace hf {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token token() const;
  bool is_terminated() const;
  // Called on the signal thread; an empty function ends it. After it returns the one before is not called any more.
  void on_state_asked(std::function<void()> answer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hf
