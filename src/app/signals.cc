#include "app/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>

#include "base/task_group.h"

namespace hf {

struct Signals::State {
  std::stop_source stop;
  std::atomic<int> signal{0};
  int signal_fd = -1, end_fd = -1;
  Guarded<std::function<void()>> answer;
  TaskGroup tasks;

  Status wait();
  void take(int number);
};

Status Signals::State::wait() {
  for (;;) {
    pollfd ready[2] = {{.fd = signal_fd, .events = POLLIN, .revents = 0},
                       {.fd = end_fd, .events = POLLIN, .revents = 0}};
    if (poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents != 0) return {};
    signalfd_siginfo info{};
    if (read(signal_fd, &info, sizeof info) == sizeof info) take(static_cast<int>(info.ssi_signo));
  }
}

void Signals::State::take(int number) {
  if (number == SIGUSR1) {
    answer.with([](const std::function<void()>& call) {
      if (call) call();
    });
    return;
  }
  if (signal.exchange(number) != 0) _exit(128 + number);
  stop.request_stop();
}

Signals::Signals() : state_(std::make_unique<State>()) {
  sigset_t taken;
  sigemptyset(&taken);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&taken, number);
  HF_ASSERT(pthread_sigmask(SIG_BLOCK, &taken, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
  state_->signal_fd = signalfd(-1, &taken, SFD_CLOEXEC);
  state_->end_fd = eventfd(0, EFD_CLOEXEC);
  HF_ASSERT(state_->signal_fd >= 0);
  HF_ASSERT(state_->end_fd >= 0);
  state_->tasks.start("signals", [state = state_.get()](std::stop_token) { return state->wait(); });
}

Signals::~Signals() {
  const uint64_t one = 1;
  HF_ASSERT(write(state_->end_fd, &one, sizeof one) == sizeof one);
  static_cast<void>(state_->tasks.join().ok());
  close(state_->signal_fd);
  close(state_->end_fd);
}

std::stop_token Signals::token() const {
  return state_->stop.get_token();
}

bool Signals::is_terminated() const {
  return state_->signal == SIGTERM;
}

void Signals::on_state_asked(std::function<void()> answer) {
  state_->answer.with([&](std::function<void()>& held) { held = std::move(answer); });
}

}  // namespace hf
