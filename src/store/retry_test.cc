#include "store/retry.h"

#include <gtest/gtest.h>

#include "support/seeded_entropy.h"

namespace hf {
namespace {

// Sleeping takes no time, and is written down.
class InstantClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(now_.since_start); }
  MonoTime mono() const override { return now_; }
  bool sleep_until(MonoTime when, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    pauses.push_back(when - now_);
    now_ = when;
    return true;
  }
  void advance(Duration by) { now_ = now_ + by; }

  std::vector<Duration> pauses;

 private:
  MonoTime now_;
};

class RetryTest : public testing::Test {
 protected:
  InstantClock clock;
  SeededEntropy entropy;
  Deadline deadline{clock, std::chrono::hours(10)};
  RetryPolicy policy;
  int attempts = 0;

  // Fails so often, each attempt taking `each`.
  Status fail(int times, Code code, Duration each = {}, std::stop_token stop = {}) {
    Retry retry(clock, entropy, policy, deadline, stop);
    return retry.run([&]() -> Status {
      clock.advance(each);
      if (++attempts <= times) return Error(code, "cause");
      return {};
    });
  }
};

TEST_F(RetryTest, what_works_later_works) {
  EXPECT_TRUE(fail(5, Code::Unavailable).ok());
  EXPECT_EQ(attempts, 6);
  EXPECT_EQ(clock.pauses.size(), 5u);
}

TEST_F(RetryTest, only_unavailable_is_tried_again) {
  for (const Code code : {Code::NotFound, Code::Exists, Code::Timeout, Code::Denied, Code::Corrupt, Code::Failed}) {
    attempts = 0;
    EXPECT_EQ(fail(1, code).error().code(), code);
    EXPECT_EQ(attempts, 1);
  }
}

TEST_F(RetryTest, pauses_are_random_grow_and_are_bounded) {
  policy.patience = std::chrono::hours(1);
  EXPECT_TRUE(fail(200, Code::Unavailable).ok());
  Duration longest{};
  for (size_t i = 0; i < clock.pauses.size(); ++i) {
    EXPECT_LE(clock.pauses[i], std::min<Duration>(policy.most, policy.first * (1LL << std::min<size_t>(i, 20))));
    longest = std::max(longest, clock.pauses[i]);
  }
  EXPECT_GT(longest, policy.most / 2);
  EXPECT_NE(clock.pauses[100], clock.pauses[101]);
}

TEST_F(RetryTest, patience_ends_with_the_cause) {
  const Error error = fail(1000000, Code::Unavailable, std::chrono::seconds(1)).error().clone();
  EXPECT_EQ(error.code(), Code::Unavailable);
  EXPECT_NE(error.message().find("cause"), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("gave up after"), std::string::npos) << error.message();
  EXPECT_LE(clock.mono().since_start, policy.patience + std::chrono::seconds(1));
}

TEST_F(RetryTest, it_does_not_sleep_past_the_deadline) {
  deadline = Deadline(clock, std::chrono::seconds(3));
  EXPECT_FALSE(fail(1000000, Code::Unavailable, std::chrono::milliseconds(10)).ok());
  EXPECT_LE(clock.mono().since_start, std::chrono::milliseconds(3010));
}

TEST_F(RetryTest, a_request_to_stop_ends_it) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(fail(1, Code::Unavailable, {}, stop.get_token()).error().code(), Code::Cancelled);
  EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace hf
