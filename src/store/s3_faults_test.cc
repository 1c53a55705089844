// Four clients, 20,000 operations, and a server that fails one request in six in every way it knows: at the end nothing
// is lost, nothing is wrong, and every answer was the one that a server without faults would have given.
//
// Each client has names of its own, of which a map knows all that there is to know; and all of them race for names in
// common, of which exactly one must win. HF_SEED repeats or varies a run.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/task_group.h"
#include "support/s3_fixture.h"
#include "support/store_fixture.h"

namespace hf {
namespace {

uint64_t seed() {
  const char* text = getenv("HF_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

#define HF_CHECK(condition, what) \
  if (!(condition)) return Error(Code::Failed, std::string(what) + " (" #condition ")")

class Client {
 public:
  Client(std::unique_ptr<Store> store, int number, const Deadline& deadline, bool lists_are_stale)
      : store_(std::move(store)),
        home_("client" + std::to_string(number) + "/"),
        number_(number),
        random_(seed() * 100 + static_cast<uint64_t>(number)),
        deadline_(deadline),
        lists_are_stale_(lists_are_stale) {}

  Status run(int operations) {
    for (int i = 0; i < operations; ++i)
      HF_TRY(step().during("client " + std::to_string(number_) + ", operation " + std::to_string(i)));
    return compare_all();
  }

  const std::map<std::string, std::string>& won() const { return won_; }

 private:
  Status step() {
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2:
        return put();
      case 3:
      case 4:
        return get();
      case 5:
        return get_part();
      case 6:
        return remove();
      case 7:
        return random_.below(4) == 0 ? compare_list() : info();
      case 8:
        return replace();
      default:
        return race();
    }
  }

  std::string some_name() { return home_ + "p/" + std::to_string(random_.below(60)); }
  std::string some_text() {
    // One in eight is put in parts.
    const uint64_t size = random_.below(8) == 0 ? 1001 + random_.below(2500) : random_.below(400);
    std::string text = std::to_string(number_) + ":" + std::to_string(++texts_) + ":";
    while (text.size() < size) text += static_cast<char>('a' + random_.below(26));
    return text;
  }
  void changed(const std::string& name) {
    recent_.push_back(name);
    if (recent_.size() > S3Server::stale_changes_max) recent_.erase(recent_.begin());
  }

  Status put() {
    const std::string name = some_name(), text = some_text();
    const Status status = store_->put(name, as_bytes(text), Durable::Now, deadline_);
    if (model_.contains(name)) {
      HF_CHECK(!status.ok(), "an object was overwritten");
      HF_CHECK(status.error().code() == Code::Exists, status.error().message());
      return {};
    }
    HF_CHECK(status.ok(), status.error().message());
    model_[name] = text;
    changed(name);
    return {};
  }

  Status replace() {
    const std::string name = home_ + "sessions/1", text = some_text().substr(0, 900);
    HF_TRY(store_->replace(name, as_bytes(text), deadline_));
    model_[name] = text;
    changed(name);
    return {};
  }

  Status get() {
    const std::string name = some_name();
    const Result<Bytes> got = get_whole(*store_, name, 10000, deadline_);
    const auto found = model_.find(name);
    if (found == model_.end()) {
      HF_CHECK(!got.ok() && got.error().code() == Code::NotFound, "something is there that was not put");
      return {};
    }
    HF_CHECK(got.ok(), got.error().message());
    HF_CHECK(as_text(got.value()) == found->second, "wrong bytes");
    return {};
  }

  Status get_part() {
    const std::string name = some_name();
    const auto found = model_.find(name);
    const uint64_t size = found == model_.end() ? 100 : found->second.size();
    const uint64_t offset = random_.below(size + 1), length = random_.below(size + 10);
    const Result<Bytes> got = store_->get(name, offset, length, deadline_);
    if (found == model_.end()) {
      HF_CHECK(!got.ok() && got.error().code() == Code::NotFound, "a part of what was not put");
    } else if (length > size - offset) {
      HF_CHECK(!got.ok() && got.error().code() == Code::Corrupt, "a part beyond the end");
    } else {
      HF_CHECK(got.ok(), got.error().message());
      HF_CHECK(as_text(got.value()) == std::string_view(found->second).substr(offset, length), "wrong bytes of a part");
    }
    return {};
  }

  Status remove() {
    const std::string name = some_name();
    HF_TRY(store_->remove(name, deadline_));
    model_.erase(name);
    changed(name);
    return {};
  }

  Status info() {
    const std::string name = some_name();
    const Result<ObjectInfo> info = store_->info(name, deadline_);
    HF_CHECK(info.ok() || info.error().code() == Code::NotFound, info.error().message());
    HF_CHECK(info.ok() == model_.contains(name), "what is there and what is not");
    HF_CHECK(!info.ok() || info.value().size == model_[name].size(), "a wrong size");
    return {};
  }

  // Of each name in common one client's put succeeds; all others hear Exists.
  Status race() {
    const std::string name = "race/" + std::to_string(race_++ / 2), text = some_text();
    const Status status = store_->put(name, as_bytes(text), Durable::Now, deadline_);
    HF_CHECK(status.ok() || status.error().code() == Code::Exists, status.error().message());
    if (status.ok()) {
      HF_CHECK(!won_.contains(name), "the same race was won twice");
      won_[name] = text;
    }
    return {};
  }

  Status compare_list() {
    std::map<std::string, uint64_t> listed, wanted;
    const auto visit = [&](const ObjectInfo& object) -> Status {
      HF_CHECK(listed.emplace(object.name, object.size).second, "listed twice");
      return {};
    };
    HF_TRY(store_->list(home_, visit, deadline_));
    for (const auto& [name, text] : model_) wanted[name] = text.size();
    if (lists_are_stale_)
      for (const std::string& name : recent_) listed.erase(name), wanted.erase(name);
    HF_CHECK(listed == wanted,
             "a list of " + std::to_string(listed.size()) + " objects instead of " + std::to_string(wanted.size()));
    return {};
  }

  Status compare_all() {
    HF_TRY(compare_list());
    for (const auto& [name, text] : model_) {
      const Bytes bytes = HF_TRY(get_whole(*store_, name, 10000, deadline_));
      HF_CHECK(as_text(bytes) == text, "wrong bytes at the end");
    }
    return {};
  }

  const std::unique_ptr<Store> store_;
  const std::string home_;
  const int number_;
  SeededEntropy random_;
  const Deadline& deadline_;
  const bool lists_are_stale_;
  std::map<std::string, std::string> model_, won_;
  std::vector<std::string> recent_;
  int texts_ = 0, race_ = 0;
};

constexpr int clients = 4;

// Runs all clients; then looks at the races.
void run_clients(S3Fixture& s3, int operations, bool lists_are_stale) {
  std::vector<std::unique_ptr<Client>> all;
  for (int i = 0; i < clients; ++i) all.push_back(std::make_unique<Client>(s3.open(), i, s3.deadline, lists_are_stale));
  TaskGroup group;
  for (const auto& client : all)
    group.start("client", [&, operations](std::stop_token) { return client->run(operations / clients); });
  const Status status = group.join();
  ASSERT_TRUE(status.ok()) << status.error().message() << " [" << status.error().detail() << "]";
  const std::unique_ptr<Store> store = s3.open();
  std::map<std::string, std::string> winners;
  for (const auto& client : all)
    for (const auto& [name, text] : client->won()) EXPECT_TRUE(winners.emplace(name, text).second) << name;
  EXPECT_EQ(names_in(*store, "race/", s3.deadline).size(), winners.size());
  for (const auto& [name, text] : winners)
    EXPECT_EQ(to_text(get_whole(*store, name, 10000, s3.deadline).value()), text) << name;
}

TEST(S3Faults, in_20000_operations_nothing_is_lost_or_wrong) {
  S3Fixture s3(seed());
  s3.server.set_all_faults(20);
  s3.server.set_fault(S3Fault::ClockJump, 2);
  s3.server.set_fault(S3Fault::StallBefore, 1);
  s3.server.set_fault(S3Fault::StallAfter, 1);
  run_clients(s3, 20'000, false);
  for (size_t i = 1; i < static_cast<size_t>(S3Fault::Count); ++i) {
    const auto fault = static_cast<S3Fault>(i);
    EXPECT_TRUE(fault == S3Fault::StaleList || s3.server.count(fault) > 0) << "fault " << i << " never happened";
  }
  RecordProperty("requests", std::to_string(s3.server.requests()));
}

TEST(S3Faults, a_stale_list_shows_older_states_and_never_wrong_ones) {
  S3Fixture s3(seed() + 1);
  s3.server.set_fault(S3Fault::StaleList, 300);
  s3.server.set_fault(S3Fault::ResetAfter, 20);
  run_clients(s3, 2'000, true);
  EXPECT_GT(s3.server.count(S3Fault::StaleList), 0u);
}

}  // namespace
}  // namespace hf
