#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "sys/capped_text.h"
#include "sys/entry.h"
#include "sys/posix_spawn.h"
#include "sys/process.h"

namespace hf {
namespace {

constexpr Duration term_to_kill = std::chrono::seconds(5);
constexpr Duration poll_max = std::chrono::milliseconds(100);  // how late a request to stop may be seen
constexpr size_t read_bytes = 256 << 10;

// A run from start to end. It is over when the child has ended and its standard output is closed: a program that
// leaves a writer behind has not said all, and a dump cut short must not pass for a whole one.
class Run {
 public:
  Run(const ProcessSpec& spec, Clock& clock, Child child, const std::function<Status(BytesView)>& on_stdout,
      const Deadline& deadline, std::stop_token stop)
      : clock_(clock),
        child_(std::move(child)),
        on_stdout_(on_stdout),
        deadline_(deadline),
        stop_(std::move(stop)),
        errors_(spec.stderr_bytes_max),
        buffer_(read_bytes) {}

  Result<ProcessEnd> to_end(const ProcessSpec& spec) {
    if (spec.input) {
      const Status fed = spec.input([this](BytesView bytes) { return give(bytes); });
      child_.close_in();
      // Why a child reads no more is known when it has ended.
      if (!fed.ok() && !has_refused_) return end_group(fed.error().clone());
    }
    while (!is_over()) {
      const Status status = go_on();
      if (!status.ok()) return end_group(status.error().clone());
    }
    ProcessEnd end;
    end.took_input = !has_refused_;
    end.status = child_.reap();
    end.stderr_text = take_errors();
    return end;
  }

 private:
  bool is_over() const { return has_ended_ && child_.out() < 0; }

  // A step, unless the time is up.
  Status go_on() {
    if (stop_.stop_requested()) return Error(Code::Cancelled, "stopped");
    if (deadline_.passed()) return Error(Code::Timeout, "killed at its deadline");
    return step(std::min(poll_max, deadline_.left()), on_stdout_);
  }

  Status give(BytesView bytes) {
    while (!bytes.empty()) {
      const ssize_t took = retry_interrupted([&] { return write(child_.in(), bytes.data(), bytes.size()); });
      if (took > 0) {
        bytes = bytes.subspan(static_cast<size_t>(took));
        continue;
      }
      // A pipe that is full and whose reader has ended stays full, even if somebody else still holds it.
      if (errno == EPIPE || (errno == EAGAIN && has_ended_)) {
        has_refused_ = true;
        return Error(Code::Failed, "it reads no more of its input");
      }
      if (errno != EAGAIN) return system_error(errno, "write to a child process", "");
      HF_TRY(go_on());
    }
    return {};
  }

  // Waits at most `wait` for the child to read, write or end, and takes what it wrote.
  Status step(Duration wait, const std::function<Status(BytesView)>& on_stdout) {
    // poll ignores negative descriptors: those closed already, and that of a child known to have ended.
    std::array<pollfd, 4> watched{{{child_.out(), POLLIN, 0},
                                   {child_.err(), POLLIN, 0},
                                   {has_ended_ ? -1 : child_.pidfd(), POLLIN, 0},
                                   {child_.in(), POLLOUT, 0}}};
    const auto wait_ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    const int ready = poll(watched.data(), watched.size(), static_cast<int>(wait_ms));
    if (ready < 0 && errno != EINTR) return system_error(errno, "wait for a child process", "");
    if (ready <= 0) return {};
    if (watched[2].revents != 0) has_ended_ = true;
    if (watched[1].revents != 0) read_errors();
    if (watched[0].revents != 0) return read_output(on_stdout);
    return {};
  }

  Status read_output(const std::function<Status(BytesView)>& on_stdout) {
    const ssize_t got = retry_interrupted([&] { return read(child_.out(), buffer_.data(), buffer_.size()); });
    if (got > 0) return on_stdout(BytesView(buffer_).first(static_cast<size_t>(got)));
    if (got < 0 && errno == EAGAIN) return {};
    if (got < 0) return system_error(errno, "read from a child process", "");
    child_.close_out();
    return {};
  }

  // False: nothing more, now or ever.
  bool read_errors() {
    char text[4096];
    const ssize_t got = retry_interrupted([&] { return read(child_.err(), text, sizeof text); });
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) {
      child_.close_err();
      return false;
    }
    errors_.add({text, static_cast<size_t>(got)});
    return true;
  }

  // What is there is taken, but nobody who still holds standard error is waited for. What a writer that never stops
  // adds meanwhile is not: a pipe holds 64 KiB, rarely 1 MiB.
  std::string take_errors() {
    for (int reads = 0; reads < 256 && child_.err() >= 0 && read_errors(); ++reads) continue;
    return std::move(errors_).take();
  }

  // TERM to the group, and KILL to what is left of it later. The child is reaped last, so that its number, which is the
  // group's, stays its own.
  Error end_group(Error reason) {
    child_.close_in();
    child_.signal_group(SIGTERM);
    const Deadline patience(clock_, term_to_kill);
    while (!is_over() && !patience.passed()) {
      const Status status = step(std::min(poll_max, patience.left()), [](BytesView) { return Status(); });
      if (!status.ok()) break;
    }
    child_.signal_group(SIGKILL);
    child_.reap();
    // The callback's own error may carry a detail of its own.
    return reason.detail().empty() ? std::move(reason).with_detail(take_errors()) : std::move(reason);
  }

  Clock& clock_;
  Child child_;
  const std::function<Status(BytesView)>& on_stdout_;
  const Deadline& deadline_;
  const std::stop_token stop_;
  CappedText errors_;
  Bytes buffer_;
  bool has_ended_ = false;
  bool has_refused_ = false;  // it reads no more of its input
};

class PosixProcess final : public Process {
 public:
  explicit PosixProcess(Clock& clock) : clock_(clock) {}

  Result<ProcessEnd> run(const ProcessSpec& spec, const std::function<Status(BytesView)>& on_stdout,
                         const Deadline& deadline, std::stop_token stop) override {
    Run run(spec, clock_, HF_TRY(Child::start(spec)), on_stdout, deadline, std::move(stop));
    return run.to_end(spec).during("run " + printable(spec.argv[0]));
  }

 private:
  Clock& clock_;
};

}  // namespace

std::unique_ptr<Process> make_posix_process(Clock& clock) {
  return std::make_unique<PosixProcess>(clock);
}

}  // namespace hf
