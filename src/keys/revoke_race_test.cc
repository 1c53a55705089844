// Two that revoke keys at once, in every order of their steps, and with either one cut off at any of them: a key that
// opens the repository is always left.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "keys/key_store.h"
#include "store/memory.h"
#include "support/seeded_entropy.h"
#include "support/sim_clock.h"

namespace hf {
namespace {

// Says whose step is next. Whoever is not there any more is passed over.
class Turns {
 public:
  explicit Turns(std::vector<int> order) : order_(std::move(order)) {}
  // False if nothing is to come from `who`: it was cut off.
  bool wait(int who) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return next() == who || next() == -1; });
    if (next() == -1 || left_[static_cast<size_t>(who)] == 0) return false;
    --left_[static_cast<size_t>(who)];
    return true;
  }
  void done() {
    std::scoped_lock lock(mutex_);
    ++at_;
    changed_.notify_all();
  }
  void end(int who) {
    std::scoped_lock lock(mutex_);
    ended_[static_cast<size_t>(who)] = true;
    changed_.notify_all();
  }
  void cut_off(int who, size_t after) { left_[static_cast<size_t>(who)] = after; }

 private:
  int next() {
    if (ended_[0] && ended_[1]) return -1;
    while (at_ < order_.size() && ended_[static_cast<size_t>(order_[at_])]) ++at_;
    if (at_ < order_.size()) return order_[at_];
    return ended_[0] ? 1 : 0;
  }

  const std::vector<int> order_;
  size_t at_ = 0;
  std::array<bool, 2> ended_{};
  std::array<size_t, 2> left_{1000, 1000};
  std::mutex mutex_;
  std::condition_variable changed_;
};

// One's view of the store: each operation is a step.
class TurnStore final : public Store {
 public:
  TurnStore(Store& real, Turns& turns, int who) : real_(real), turns_(turns), who_(who) {}
  Traits traits() const override { return real_.traits(); }
  std::string describe() const override { return real_.describe(); }
  Status put(std::string_view name, BytesView bytes, Durable durable, const Deadline& deadline) override {
    return step([&] { return real_.put(name, bytes, durable, deadline); });
  }
  Status replace(std::string_view name, BytesView bytes, const Deadline& deadline) override {
    return step([&] { return real_.replace(name, bytes, deadline); });
  }
  Status flush(const Deadline& deadline) override {
    return step([&] { return real_.flush(deadline); });
  }
  Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline) override {
    return real_.get(name, offset, length,
                     deadline);  // no step: an envelope that went since it was listed is passed over
  }
  Result<ObjectInfo> info(std::string_view name, const Deadline& deadline) override {
    return real_.info(name, deadline);
  }
  Status list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) override {
    return step([&] { return real_.list(prefix, visit, deadline); });
  }
  Status remove(std::string_view name, const Deadline& deadline) override {
    return step([&] { return real_.remove(name, deadline); });
  }
  Result<WallTime> now(const Deadline& deadline) override { return real_.now(deadline); }
  Result<uint64_t> clean(const Deadline& deadline) override { return real_.clean(deadline); }

 private:
  template <typename Operation>
  Status step(Operation&& operation) {
    if (!turns_.wait(who_)) return Error(Code::Failed, "cut off");
    Status status = operation();
    turns_.done();
    return status;
  }

  Store& real_;
  Turns& turns_;
  const int who_;
};

class RevokeRace : public testing::Test {
 protected:
  // Each revokes one of the two keys. How many sound ones are left.
  size_t run(const std::vector<int>& order, size_t first_until = 1000, size_t second_until = 1000) {
    const std::unique_ptr<Store> store = make_memory_store(clock_);
    std::array<std::string, 2> ids;
    for (size_t i = 0; i < 2; ++i) ids[i] = add_envelope(*store, envelopes_[i], deadline_).value();
    Turns turns(order);
    turns.cut_off(0, first_until);
    turns.cut_off(1, second_until);
    std::array<std::thread, 2> threads;
    std::array<bool, 2> removed{};
    for (int who = 0; who < 2; ++who) {
      threads[static_cast<size_t>(who)] = std::thread([&, who] {
        SeededEntropy entropy(static_cast<uint64_t>(who) + 50);
        TurnStore view(*store, turns, who);
        removed[static_cast<size_t>(who)] =
            remove_envelope(view, ids[static_cast<size_t>(who)], entropy, deadline_).ok();
        turns.end(who);
      });
    }
    for (std::thread& thread : threads) thread.join();
    both_refused_ += removed[0] || removed[1] ? 0 : 1;
    const bool is_cut_off = first_until < 1000 || second_until < 1000;
    const Store::Visitor refuse = [](const ObjectInfo&) -> Status {
      return Error(Code::Failed, "an intention is left");
    };
    EXPECT_TRUE(is_cut_off || store->list("revoking/", refuse, deadline_).ok());
    return list_envelopes(*store, deadline_).value().size();
  }
  // Calls `use` with every order of `steps` steps of each.
  static void each_order(size_t steps, const std::function<void(const std::vector<int>&)>& use) {
    std::vector<int> order(2 * steps, 1);
    std::fill(order.begin(), order.begin() + static_cast<ptrdiff_t>(steps), 0);
    do use(order);
    while (std::next_permutation(order.begin(), order.end()));
  }
  Bytes make_envelope(unsigned char seed) {
    Credentials credentials;
    credentials.key_file = Passphrase::take(std::vector<unsigned char>(32, seed));
    return file_key_kind().wrap(RootKey::take(std::vector<unsigned char>(32, 1)), credentials, {}, entropy_).value();
  }

  SimClock clock_;
  SeededEntropy entropy_;
  const Deadline deadline_{clock_, std::chrono::hours(1)};
  const std::array<Bytes, 2> envelopes_{make_envelope(1), make_envelope(2)};
  size_t both_refused_ = 0;
};

// list, announce, list, list, remove, list, remove: the first five decide.
TEST_F(RevokeRace, in_every_order_a_key_is_left) {
  size_t orders = 0;
  each_order(5, [&](const std::vector<int>& order) {
    ++orders;
    ASSERT_GE(run(order), 1U) << testing::PrintToString(order);
  });
  EXPECT_EQ(orders, 252U);
  EXPECT_LT(both_refused_, orders) << "somebody succeeds where they do not meet";
  EXPECT_GT(both_refused_, 0U) << "where they meet both give way";
}

TEST_F(RevokeRace, whoever_is_cut_off_at_any_step_a_key_is_left) {
  each_order(5, [&](const std::vector<int>& order) {
    for (size_t first = 0; first <= 5; first += 1)
      for (const size_t second : {first, size_t{1000}})
        ASSERT_GE(run(order, first, second), 1U) << testing::PrintToString(order) << " " << first << " " << second;
  });
}

TEST_F(RevokeRace, what_a_revocation_that_was_cut_off_left_does_not_last) {
  const std::unique_ptr<Store> store = make_memory_store(clock_);
  const std::string one = add_envelope(*store, envelopes_[0], deadline_).value();
  const std::string two = add_envelope(*store, envelopes_[1], deadline_).value();
  ASSERT_TRUE(store->put("revoking/" + one + "-00", {}, Durable::Now, deadline_).ok());
  const Status held = remove_envelope(*store, two, entropy_, deadline_);
  EXPECT_EQ(held.error().code(), Code::Held);
  EXPECT_FALSE(held.error().hint().empty());
  EXPECT_TRUE(remove_envelope(*store, one, entropy_, deadline_).ok());
  EXPECT_EQ(remove_envelope(*store, two, entropy_, deadline_).error().code(), Code::Refused);
  const std::string three = add_envelope(*store, make_envelope(3), deadline_).value();
  EXPECT_TRUE(remove_envelope(*store, two, entropy_, deadline_).ok());
  EXPECT_EQ(list_envelopes(*store, deadline_).value().at(0).id, three);
}

}  // namespace
}  // namespace hf
