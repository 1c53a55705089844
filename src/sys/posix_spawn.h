// One child process: started with exactly what it is given, and its whole group ended with it.
#pragma once

#include <sys/types.h>

#include <optional>

#include "sys/posix_calls.h"
#include "sys/process.h"

namespace hf {

class Child {
 public:
  // NotFound: no such program. Our ends of the pipes do not block.
  static Result<Child> start(const ProcessSpec& spec);

  Child(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills the group and reaps the child, unless reap() has.
  ~Child();

  int in() const { return in_.get(); }  // -1: none was wanted, or it is closed
  int out() const { return out_.get(); }
  int err() const { return err_.get(); }
  int pidfd() const { return pidfd_.get(); }  // readable once the child has ended
  void close_in() { in_.close(); }
  void close_out() { out_.close(); }
  void close_err() { err_.close(); }

  // To all of the group. Not after reap(): the number may be another's by then.
  void signal_group(int signal) const;
  // Waits for the child; its exit status, or 128 + signal.
  int reap();

 private:
  Child() = default;

  pid_t pid_ = -1;  // -1 once reaped
  Fd in_, out_, err_, pidfd_;
};

}  // namespace hf
