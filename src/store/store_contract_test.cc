// Every kind of Store must pass these: they are the meaning of store.h.
//
// Each test opens a fresh store of the kind under test, so tests share nothing.
#include <gtest/gtest.h>

#include <atomic>

#include "base/task_group.h"
#include "store/directory.h"
#include "store/memory.h"
#include "support/s3_fixture.h"
#include "support/s3_real.h"
#include "support/store_fixture.h"

namespace hf {
namespace {

// A fresh store, and what it lives on.
struct Fresh {
  virtual ~Fresh() = default;
  std::unique_ptr<Store> store;
  std::optional<Deadline> deadline;
};

template <typename Fixture>
struct FreshOn final : Fresh {
  Fixture fixture;
  template <typename Open>
  explicit FreshOn(Open&& open) {
    store = open(fixture);
    deadline = fixture.deadline;
  }
};

struct Subject {
  std::string_view name;
  std::unique_ptr<Fresh> (*open)();
};

std::unique_ptr<Fresh> fresh_memory() {
  return std::make_unique<FreshOn<StoreFixture>>([](StoreFixture& fixture) { return fixture.make_memory_store(); });
}

std::unique_ptr<Fresh> fresh_directory() {
  return std::make_unique<FreshOn<StoreFixture>>([](StoreFixture& fixture) { return fixture.open_directory_store(); });
}

std::unique_ptr<Fresh> fresh_s3() {
  return std::make_unique<FreshOn<S3Fixture>>([](S3Fixture& s3) { return s3.open(); });
}

std::unique_ptr<Fresh> fresh_s3_in_parts() {
  return std::make_unique<FreshOn<S3Fixture>>([](S3Fixture& s3) {
    S3Settings settings = s3.settings();
    settings.part_bytes = 2;
    return s3.try_open(settings).value();
  });
}

std::unique_ptr<Fresh> fresh_real_s3() {
  return std::make_unique<FreshOn<RealS3>>([](RealS3& s3) { return s3.open().value(); });
}

class StoreContract : public testing::TestWithParam<Subject> {
 protected:
  const std::unique_ptr<Fresh> fresh = GetParam().open();
  const std::unique_ptr<Store>& store = fresh->store;
  const Deadline deadline = *fresh->deadline;

  Status put(std::string_view name, std::string_view text, Durable durable = Durable::Later) {
    return store->put(name, as_bytes(text), durable, deadline);
  }
  std::string whole(std::string_view name) { return to_text(get_whole(*store, name, 1 << 20, deadline).value()); }
};

TEST_P(StoreContract, put_never_overwrites) {
  for (const Durable durable : {Durable::Now, Durable::Later}) {
    const std::string name = durable == Durable::Now ? "packs/aa/now" : "packs/aa/later";
    ASSERT_TRUE(put(name, "first", durable).ok());
    EXPECT_EQ(put(name, "second", durable).error().code(), Code::Exists);
    EXPECT_EQ(put(name, "first", Durable::Now).error().code(), Code::Exists);
    EXPECT_EQ(whole(name), "first");
  }
}

TEST_P(StoreContract, of_concurrent_puts_of_one_name_exactly_one_wins) {
  std::atomic<int> wins{0}, losses{0};
  TaskGroup group;
  for (int writer = 0; writer < 8; ++writer) {
    group.start("writer", [&, writer](std::stop_token) -> Status {
      for (int number = 0; number < 20; ++number) {
        const std::string name = "manifests/set/" + std::to_string(number);
        const Status status = put(name, "writer " + std::to_string(writer), Durable::Later);
        ++(status.ok() ? wins : losses);
        if (!status.ok() && status.error().code() != Code::Exists) return status.error().clone();
      }
      return {};
    });
  }
  ASSERT_TRUE(group.join().ok());
  EXPECT_EQ(wins, 20);
  EXPECT_EQ(losses, 140);
  EXPECT_EQ(names_in(*store, "manifests/", deadline).size(), 20u);
}

TEST_P(StoreContract, what_was_put_is_read_back_whole_and_in_parts) {
  ASSERT_TRUE(put("a", "0123456789", Durable::Now).ok());
  EXPECT_EQ(whole("a"), "0123456789");
  EXPECT_EQ(to_text(store->get("a", 3, 4, deadline).value()), "3456");
  EXPECT_EQ(store->get("a", 10, 0, deadline).value().size(), 0u);
  ASSERT_TRUE(put("empty", "").ok());
  EXPECT_EQ(whole("empty"), "");
}

TEST_P(StoreContract, reading_past_the_end_is_corrupt_not_short) {
  ASSERT_TRUE(put("a", "abc").ok());
  for (const auto& [offset, length] : {std::pair<uint64_t, uint64_t>{0, 4}, {3, 1}, {4, 0}, {1, UINT64_MAX}}) {
    const auto got = store->get("a", offset, length, deadline);
    ASSERT_FALSE(got.ok()) << offset << "+" << length;
    EXPECT_EQ(got.error().code(), Code::Corrupt);
  }
}

TEST_P(StoreContract, a_whole_object_larger_than_allowed_is_corrupt) {
  ASSERT_TRUE(put("a", "abc").ok());
  EXPECT_TRUE(get_whole(*store, "a", 3, deadline).ok());
  EXPECT_EQ(get_whole(*store, "a", 2, deadline).error().code(), Code::Corrupt);
}

TEST_P(StoreContract, what_is_not_there_is_not_found) {
  ASSERT_TRUE(put("packs/aa/1", "x").ok());
  for (const char* name : {"nothing", "packs/aa", "packs/aa/2", "packs/aa/1/below"}) {
    EXPECT_EQ(store->get(name, 0, 0, deadline).error().code(), Code::NotFound) << name;
    EXPECT_EQ(store->info(name, deadline).error().code(), Code::NotFound) << name;
  }
}

TEST_P(StoreContract, info_and_list_agree_and_are_dated_by_the_stores_own_clock) {
  const WallTime before = store->now(deadline).value();
  ASSERT_TRUE(put("packs/aa/1", "abc").ok());
  const WallTime after = store->now(deadline).value();
  const ObjectInfo info = store->info("packs/aa/1", deadline).value();
  EXPECT_EQ(info.name, "packs/aa/1");
  EXPECT_EQ(info.size, 3u);
  EXPECT_LE(before, info.modified);
  EXPECT_LE(info.modified, after);
  int visited = 0;
  const auto visit = [&](const ObjectInfo& listed) -> Status {
    ++visited;
    EXPECT_EQ(listed.name, info.name);
    EXPECT_EQ(listed.size, info.size);
    EXPECT_EQ(listed.modified, info.modified);
    return {};
  };
  ASSERT_TRUE(store->list("", visit, deadline).ok());
  EXPECT_EQ(visited, 1);
}

TEST_P(StoreContract, the_prefix_of_a_list_is_whole_components) {
  for (const char* name : {"packs/aa/1", "packs/ab/2", "packs-old/3", "pack", "config"})
    ASSERT_TRUE(put(name, "x").ok());
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_in(*store, "", deadline), (Names{"config", "pack", "packs-old/3", "packs/aa/1", "packs/ab/2"}));
  EXPECT_EQ(names_in(*store, "packs/", deadline), (Names{"packs/aa/1", "packs/ab/2"}));
  EXPECT_EQ(names_in(*store, "packs", deadline), (Names{"packs/aa/1", "packs/ab/2"}));
  EXPECT_EQ(names_in(*store, "packs/aa/", deadline), (Names{"packs/aa/1"}));
  EXPECT_EQ(names_in(*store, "packs/a", deadline), Names{});
  EXPECT_EQ(names_in(*store, "pack", deadline), (Names{"pack"}));
  EXPECT_EQ(names_in(*store, "pack/", deadline), Names{});
  EXPECT_EQ(names_in(*store, "nothing/", deadline), Names{});
}

TEST_P(StoreContract, the_error_of_a_visitor_ends_the_list) {
  for (const char* name : {"p/1", "p/2", "q/1"}) ASSERT_TRUE(put(name, "").ok());
  int visited = 0;
  const auto visit = [&](const ObjectInfo&) -> Status {
    ++visited;
    return Error(Code::Cancelled, "enough");
  };
  EXPECT_EQ(store->list("p/", visit, deadline).error().code(), Code::Cancelled);
  EXPECT_EQ(visited, 1);
}

TEST_P(StoreContract, a_visitor_may_use_the_store) {
  for (const char* name : {"p/1", "p/2"}) ASSERT_TRUE(put(name, "").ok());
  const auto visit = [&](const ObjectInfo& info) { return store->remove(info.name, deadline); };
  ASSERT_TRUE(store->list("p/", visit, deadline).ok());
  EXPECT_TRUE(names_in(*store, "", deadline).empty());
}

TEST_P(StoreContract, removing_what_is_not_there_succeeds) {
  EXPECT_TRUE(store->remove("nothing", deadline).ok());
  EXPECT_TRUE(store->remove("no/such/place", deadline).ok());
}

TEST_P(StoreContract, what_was_removed_can_be_put_again) {
  ASSERT_TRUE(put("a", "first").ok());
  ASSERT_TRUE(store->remove("a", deadline).ok());
  EXPECT_EQ(store->info("a", deadline).error().code(), Code::NotFound);
  ASSERT_TRUE(put("a", "second").ok());
  EXPECT_EQ(whole("a"), "second");
}

TEST_P(StoreContract, replace_makes_and_overwrites) {
  for (const char* text : {"first, longer", "second"}) {
    ASSERT_TRUE(store->replace("sessions/1", as_bytes(text), deadline).ok());
    EXPECT_EQ(whole("sessions/1"), text);
  }
}

TEST_P(StoreContract, names_outside_the_alphabet_are_refused) {
  const std::string_view names[] = {"",
                                    "/",
                                    "/a",
                                    "a/",
                                    "a//b",
                                    "..",
                                    "../a",
                                    "a/../b",
                                    "a/.",
                                    "A",
                                    "a b",
                                    "a\n",
                                    "a\\b",
                                    "\xc3\xa4",
                                    "tmp",
                                    "tmp/a",
                                    std::string_view("a\0b", 3)};
  for (const std::string_view name : names) {
    EXPECT_EQ(put(name, "x").error().code(), Code::Invalid) << name;
    EXPECT_EQ(store->replace(name, {}, deadline).error().code(), Code::Invalid) << name;
    EXPECT_EQ(store->get(name, 0, 0, deadline).error().code(), Code::Invalid) << name;
    EXPECT_EQ(store->info(name, deadline).error().code(), Code::Invalid) << name;
    EXPECT_EQ(store->remove(name, deadline).error().code(), Code::Invalid) << name;
  }
  EXPECT_TRUE(put("..a/b..c/-_9.z", "x").ok());
  EXPECT_TRUE(names_in(*store, "", deadline) == std::vector<std::string>{"..a/b..c/-_9.z"});
}

TEST_P(StoreContract, a_clean_store_has_nothing_to_clean) {
  ASSERT_TRUE(put("a", "x", Durable::Now).ok());
  ASSERT_TRUE(store->flush(deadline).ok());
  EXPECT_EQ(store->clean(deadline).value(), 0u);
  EXPECT_EQ(whole("a"), "x");
}

const Subject subjects[] = {
    {"memory", fresh_memory}, {"directory", fresh_directory}, {"s3", fresh_s3}, {"s3_in_parts", fresh_s3_in_parts}};

INSTANTIATE_TEST_SUITE_P(AllKinds, StoreContract, testing::ValuesIn(subjects),
                         [](const auto& subject) { return std::string(subject.param.name); });

// Where a script has started one: tests/e2e/s3_contract.sh.
INSTANTIATE_TEST_SUITE_P(RealServer, StoreContract,
                         testing::ValuesIn(RealS3::is_there() ? std::vector<Subject>{{"s3", fresh_real_s3}}
                                                              : std::vector<Subject>{}),
                         [](const auto& subject) { return std::string(subject.param.name); });

}  // namespace
}  // namespace hf
