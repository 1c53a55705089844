// Clock: the only source of time. Nothing else in src/ may ask the system what time it is.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace hf {

using Duration = std::chrono::nanoseconds;
using WallTime = std::chrono::sys_time<Duration>;  // for people and for records
struct MonoTime {                                  // for budgets; never leaves the process
  Duration since_start{};
  friend auto operator<=>(MonoTime, MonoTime) = default;
  friend MonoTime operator+(MonoTime t, Duration d) { return {t.since_start + d}; }
  friend Duration operator-(MonoTime a, MonoTime b) { return a.since_start - b.since_start; }
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
  // Returns early, with false, when stop is requested.
  virtual bool sleep_until(MonoTime when, std::stop_token stop) = 0;
};

// A moment after which work must stop; passed down instead of a timeout, so that a step, its retries
// and their connections all share one budget.
class Deadline {
 public:
  Deadline(Clock& clock, Duration budget) : clock_(&clock), at_(clock.mono() + budget) {}
  Duration left() const { return std::max(at_ - clock_->mono(), Duration::zero()); }
  bool passed() const { return left() == Duration::zero(); }

 private:
  Clock* clock_;
  MonoTime at_;
};

}  // namespace hf
