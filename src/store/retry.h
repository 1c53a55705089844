// Retry: what failed for a while is tried again, later each time, within one Deadline.
//
// Only Unavailable is tried again. The n-th pause is taken at random from 0 to first * 2^n, at most `most`: who was
// turned away together does not come back together. It ends with the last error when `patience` or the deadline would
// be over before the next attempt, and with Cancelled when stop is requested. Blocks by the Clock given.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"

namespace hf {

struct RetryPolicy {
  Duration first = std::chrono::milliseconds(100);
  Duration most = std::chrono::seconds(10);
  Duration patience = std::chrono::minutes(5);  // from the beginning of the first attempt
};

// The pauses of one operation.
class Retry {
 public:
  Retry(Clock& clock, Entropy& entropy, const RetryPolicy& policy, const Deadline& deadline, std::stop_token stop)
      : clock_(clock),
        entropy_(entropy),
        policy_(policy),
        deadline_(deadline),
        stop_(std::move(stop)),
        begin_(clock.mono()) {}

  // Calls `attempt` until it gives a value, or an error that is not to be tried again.
  template <typename Attempt>
  auto run(Attempt&& attempt) -> decltype(attempt()) {
    for (;;) {
      auto result = attempt();
      if (result.ok()) return result;
      HF_TRY(pause(std::move(result).error()));
    }
  }

  // Waits until it is time for another attempt; the error to end with if there is to be none.
  Status pause(Error cause);

 private:
  Clock& clock_;
  Entropy& entropy_;
  const RetryPolicy policy_;
  const Deadline deadline_;
  const std::stop_token stop_;
  const MonoTime begin_;
  unsigned failures_ = 0;
};

}  // namespace hf
