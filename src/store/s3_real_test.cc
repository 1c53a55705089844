// What only a real server shows. Runs where a script has started one: tests/e2e/s3_contract.sh.
#include "support/s3_real.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/task_group.h"
#include "support/store_fixture.h"

namespace hf {
namespace {

class RealServer : public testing::TestWithParam<int> {
 protected:
  RealS3 s3;
  std::unique_ptr<Store> store = s3.open(true).value();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RealServer);
INSTANTIATE_TEST_SUITE_P(S3, RealServer, testing::Range(0, RealS3::is_there() ? 1 : 0));

Bytes random_bytes(Entropy& entropy, size_t size) {
  return entropy.bytes(size);
}

TEST_P(RealServer, large_objects_go_in_parts_and_come_back) {
  const Bytes bytes = random_bytes(*s3.entropy, (12u << 20) + 345);
  ASSERT_TRUE(store->put("packs/large", bytes, Durable::Now, s3.deadline).ok());
  EXPECT_TRUE(get_whole(*store, "packs/large", 20u << 20, s3.deadline).value() == bytes);
  const Bytes part = store->get("packs/large", (5u << 20) - 100, 200, s3.deadline).value();
  EXPECT_TRUE(equal(part, BytesView(bytes).subspan((5u << 20) - 100, 200)));
  EXPECT_EQ(store->put("packs/large", bytes, Durable::Now, s3.deadline).error().code(), Code::Exists);
}

TEST_P(RealServer, of_concurrent_puts_in_parts_exactly_one_wins) {
  std::atomic<int> wins{0}, winner{-1};
  std::vector<Bytes> texts;
  for (int i = 0; i < 4; ++i) texts.push_back(random_bytes(*s3.entropy, 6u << 20));
  TaskGroup group;
  for (int i = 0; i < 4; ++i)
    group.start("writer", [&, i](std::stop_token) -> Status {
      const Status status = store->put("packs/raced", texts[static_cast<size_t>(i)], Durable::Now, s3.deadline);
      if (status.ok()) ++wins, winner = i;
      return status.ok() || status.error().code() == Code::Exists ? Status() : status.error().clone();
    });
  const Status status = group.join();
  ASSERT_TRUE(status.ok()) << status.error().message() << " [" << status.error().detail() << "]";
  EXPECT_EQ(wins, 1);
  EXPECT_TRUE(get_whole(*store, "packs/raced", 10u << 20, s3.deadline).value() == texts[static_cast<size_t>(winner)]);
}

TEST_P(RealServer, what_was_removed_is_absent_and_can_be_put_again) {
  for (const char* text : {"first", "second"}) {
    ASSERT_TRUE(store->put("a", as_bytes(text), Durable::Now, s3.deadline).ok());
    EXPECT_EQ(to_text(get_whole(*store, "a", 10, s3.deadline).value()), text);
    ASSERT_TRUE(store->remove("a", s3.deadline).ok());
    ASSERT_TRUE(store->remove("a", s3.deadline).ok());
    EXPECT_EQ(store->info("a", s3.deadline).error().code(), Code::NotFound);
    EXPECT_EQ(store->get("a", 0, 1, s3.deadline).error().code(), Code::NotFound);
    EXPECT_TRUE(names_in(*store, "", s3.deadline).empty());
  }
}

TEST_P(RealServer, a_list_of_more_than_a_page_is_whole) {
  TaskGroup group;
  for (int writer = 0; writer < 4; ++writer)
    group.start("writer", [&, writer](std::stop_token) -> Status {
      for (int i = 0; i < 275; ++i)
        HF_TRY(store->put("p/" + std::to_string(writer) + "-" + std::to_string(i), as_bytes("x"), Durable::Now,
                          s3.deadline));
      return {};
    });
  ASSERT_TRUE(group.join().ok());
  EXPECT_EQ(names_in(*store, "p/", s3.deadline).size(), 1100u);
}

TEST_P(RealServer, an_own_authority_must_be_named) {
  s3.options.erase("ca_file");
  const auto opened = s3.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::Denied);
}

TEST_P(RealServer, a_bucket_that_is_not_there_is_named) {
  s3.options["bucket"] = "no-such-bucket";
  const auto opened = s3.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::NotFound);
  EXPECT_NE(opened.error().message().find("no-such-bucket"), std::string::npos) << opened.error().message();
}

TEST_P(RealServer, a_key_that_the_kms_does_not_have_is_refused) {
  s3.options["kms_key"] = "no-such-key";
  const auto opened = s3.open(true);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::Denied) << opened.error().message() << " [" << opened.error().detail() << "]";
}

}  // namespace
}  // namespace hf
