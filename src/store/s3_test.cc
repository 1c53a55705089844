// What an S3 store does when something goes wrong, one thing at a time. That all of it together loses nothing is in
// s3_faults_test.cc; that a real server agrees is in tests/e2e/s3_*.sh.
#include "store/s3.h"

#include <gtest/gtest.h>

#include "support/s3_fixture.h"
#include "support/store_fixture.h"

namespace hf {
namespace {

class S3Test : public testing::Test {
 protected:
  S3Fixture s3;
  const Deadline& deadline = s3.deadline;
  std::unique_ptr<Store> store = s3.open();

  Status put(std::string_view name, std::string_view text) {
    return store->put(name, as_bytes(text), Durable::Now, deadline);
  }
  std::string stored(const std::string& name) {
    const std::optional<Bytes> object = s3.server.object("some/repository/" + name);
    return object ? to_text(*object) : "<none>";
  }
  Code code_of(const Status& status) { return status.ok() ? Code::Failed : status.error().code(); }
};

const std::string large(2500, 'x');  // three parts

TEST_F(S3Test, a_lost_answer_to_our_own_put_is_our_success) {
  for (const S3Fault fault : {S3Fault::ResetAfter, S3Fault::ErrorAfter, S3Fault::Twice}) {
    const std::string name = "packs/" + std::to_string(static_cast<int>(fault));
    s3.server.fail_next(fault);
    EXPECT_TRUE(put(name, "ours").ok());
    EXPECT_EQ(stored(name), "ours");
    EXPECT_EQ(s3.server.count(fault), 1u);
    EXPECT_EQ(code_of(put(name, "ours")), Code::Exists);  // the same bytes, but not the same put
  }
}

TEST_F(S3Test, an_answer_that_never_comes_is_not_waited_for_for_ever) {
  for (const S3Fault fault : {S3Fault::StallBefore, S3Fault::StallAfter}) {
    const std::string name = "packs/" + std::to_string(static_cast<int>(fault));
    s3.server.fail_next(fault);
    EXPECT_TRUE(put(name, "ours").ok());
    EXPECT_EQ(stored(name), "ours");
  }
}

TEST_F(S3Test, what_somebody_else_put_meanwhile_is_not_our_success) {
  ASSERT_TRUE(put("a", "theirs").ok());
  for (const S3Fault fault : {S3Fault::ResetBefore, S3Fault::ErrorBefore, S3Fault::ResetAfter, S3Fault::Twice}) {
    s3.server.fail_next(fault);
    EXPECT_EQ(code_of(put("a", "theirs")), Code::Exists);
  }
  EXPECT_EQ(stored("a"), "theirs");
}

TEST_F(S3Test, a_server_that_keeps_no_marks_is_asked_for_the_bytes) {
  s3.server.forget_metadata();
  s3.server.fail_next(S3Fault::ResetAfter);
  EXPECT_TRUE(put("a", "ours").ok());
  s3.server.fail_next(S3Fault::ErrorBefore);
  EXPECT_EQ(code_of(put("a", "else")), Code::Exists);
  EXPECT_EQ(stored("a"), "ours");
}

TEST_F(S3Test, large_objects_appear_whole_or_not_at_all) {
  ASSERT_TRUE(put("large", large).ok());
  EXPECT_EQ(stored("large"), large);
  EXPECT_EQ(s3.server.upload_count(), 0u);
  EXPECT_EQ(code_of(put("large", large)), Code::Exists);
  EXPECT_EQ(s3.server.upload_count(), 0u);
}

TEST_F(S3Test, a_lost_answer_to_a_completion_is_our_success) {
  // Requests of a put in parts: HEAD, POST, three PUT, POST.
  for (const S3Fault fault : {S3Fault::HiddenAfter, S3Fault::HiddenBefore}) {
    const std::string name = "packs/" + std::to_string(static_cast<int>(fault));
    s3.server.set_fault(fault, 500);
    EXPECT_TRUE(put(name, large).ok());
    s3.server.set_fault(fault, 0);
    EXPECT_EQ(stored(name), large);
  }
  EXPECT_GT(s3.server.count(S3Fault::HiddenAfter) + s3.server.count(S3Fault::HiddenBefore), 0u);
}

TEST_F(S3Test, an_upload_that_fails_is_aborted) {
  S3Settings settings = s3.settings();
  settings.limits.retry.patience = std::chrono::milliseconds(200);
  const std::unique_ptr<Store> hasty = s3.try_open(settings).value();
  s3.server.set_fault(S3Fault::WrongUpload, 1000);  // no part ever arrives as it was sent
  const Status status = hasty->put("large", as_bytes(large), Durable::Now, deadline);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Unavailable);
  EXPECT_EQ(s3.server.upload_count(), 0u);
  EXPECT_EQ(stored("large"), "<none>");
}

TEST_F(S3Test, clean_aborts_uploads_older_than_a_day) {
  S3Settings settings = s3.settings();
  settings.limits.retry.patience = std::chrono::milliseconds(1);
  const std::unique_ptr<Store> hasty = s3.try_open(settings).value();
  // Each is begun, gets its first parts, and then neither goes on nor can be aborted.
  for (int i = 0; i < 5; ++i) {
    s3.server.set_fault(S3Fault::ErrorAfter, 1000);
    EXPECT_FALSE(hasty->put("large/" + std::to_string(i), as_bytes(large), Durable::Now, deadline).ok());
    s3.server.set_fault(S3Fault::ErrorAfter, 0);
  }
  const size_t begun = s3.server.upload_count();
  ASSERT_GT(begun, 2u);
  EXPECT_EQ(store->clean(deadline).value(), 0u);
  EXPECT_EQ(s3.server.upload_count(), begun);
  s3.server.age_uploads(std::chrono::hours(25));
  EXPECT_TRUE(store->clean(deadline).ok());
  EXPECT_EQ(s3.server.upload_count(), 0u);
}

TEST_F(S3Test, wrong_bytes_of_a_whole_object_are_noticed) {
  ASSERT_TRUE(put("a", "right").ok());
  s3.server.fail_next(S3Fault::WrongAnswer);
  EXPECT_EQ(to_text(get_whole(*store, "a", 100, deadline).value()), "right");
  s3.server.damage_object("some/repository/a");
  EXPECT_EQ(get_whole(*store, "a", 100, deadline).error().code(), Code::Corrupt);
}

TEST_F(S3Test, wrong_bytes_on_the_way_to_the_server_are_sent_again) {
  s3.server.fail_next(S3Fault::WrongUpload);
  EXPECT_TRUE(put("a", "right").ok());
  EXPECT_EQ(stored("a"), "right");
}

TEST_F(S3Test, half_an_answer_is_asked_for_again) {
  ASSERT_TRUE(put("a", "0123456789").ok());
  s3.server.fail_next(S3Fault::HalfAnswer);
  EXPECT_EQ(to_text(store->get("a", 2, 6, deadline).value()), "234567");
  s3.server.fail_next(S3Fault::HalfAnswer);
  EXPECT_EQ(names_in(*store, "", deadline), std::vector<std::string>{"a"});
}

TEST_F(S3Test, a_list_has_many_pages) {
  for (int i = 100; i < 150; ++i) ASSERT_TRUE(put("p/" + std::to_string(i), "x").ok());
  EXPECT_EQ(names_in(*store, "p/", deadline).size(), 50u);
}

TEST_F(S3Test, clocks_that_differ_are_reckoned_with) {
  for (const Duration offset : {Duration(std::chrono::hours(-30)), Duration(std::chrono::hours(7))}) {
    s3.server.set_clock_offset(offset);
    const std::string name = "skew/" + std::to_string(offset.count());
    EXPECT_TRUE(put(name, "x").ok());
    const Duration seen = store->now(deadline).value() - s3.clock->wall();
    EXPECT_LT(std::chrono::abs(seen - offset), std::chrono::minutes(1));
    const uint64_t before = s3.server.requests();
    EXPECT_TRUE(store->info(name, deadline).ok());
    EXPECT_EQ(s3.server.requests(), before + 1);  // what was learnt is kept
  }
  // A HEAD has no body that could say why.
  s3.server.set_clock_offset({});
  EXPECT_EQ(store->info("nothing", deadline).error().code(), Code::NotFound);
}

TEST_F(S3Test, a_slow_down_is_obeyed_and_the_deadline_too) {
  s3.server.set_fault(S3Fault::SlowDown, 1000);
  const Deadline soon(*s3.clock, std::chrono::seconds(2));
  const Result<ObjectInfo> info = store->info("a", soon);
  ASSERT_FALSE(info.ok());
  EXPECT_TRUE(info.error().code() == Code::Unavailable || info.error().code() == Code::Timeout);
  EXPECT_GT(s3.server.count(S3Fault::SlowDown), 1u);
}

TEST_F(S3Test, a_request_to_stop_ends_the_waiting_and_not_the_work) {
  s3.stop.request_stop();
  EXPECT_TRUE(put("checkpoint", "x").ok());
  s3.server.set_fault(S3Fault::SlowDown, 1000);
  EXPECT_EQ(code_of(put("a", "x")), Code::Cancelled);
}

TEST_F(S3Test, a_bucket_that_is_gone_is_not_an_object_that_is_not_there) {
  s3.server.remove_bucket();
  EXPECT_EQ(store->get("a", 0, 1, deadline).error().code(), Code::Failed);
  EXPECT_EQ(s3.try_open(s3.settings()).error().code(), Code::NotFound);
  EXPECT_EQ(s3.try_open(s3.settings(), true).error().code(), Code::Invalid);
}

TEST_F(S3Test, a_server_that_overwrites_is_refused_by_init) {
  EXPECT_TRUE(s3.try_open(s3.settings(), true).ok());
  EXPECT_EQ(s3.server.object_count(), 0u);
  s3.server.ignore_conditions();
  EXPECT_EQ(s3.try_open(s3.settings(), true).error().code(), Code::Unsupported);
  EXPECT_EQ(s3.server.object_count(), 0u);
}

TEST_F(S3Test, wrong_credentials_are_denied_by_name) {
  const auto open = [&](const std::string& access_key, const std::string& secret) {
    return open_s3_store(s3.world(), s3.settings(), s3.credentials(access_key, secret), false, deadline);
  };
  const auto unknown = open("somebody-else", "secret");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), Code::Denied);
  EXPECT_NE(unknown.error().message().find("does not know the access key"), std::string::npos);
  const auto wrong = open("key-of-tests", "canary-secret");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code(), Code::Denied);
  const std::string all = wrong.error().message() + wrong.error().hint() + wrong.error().detail();
  EXPECT_EQ(all.find("canary"), std::string::npos) << all;
  EXPECT_NE(all.find("the secret key does not belong to the access key"), std::string::npos) << all;
  s3.server.refuse_key("key-of-tests");
  EXPECT_EQ(code_of(put("a", "x")), Code::Denied);
}

TEST_F(S3Test, credentials_that_expire_are_read_again) {
  int asked = 0;
  const AwsCredentialsSource source = [&]() -> Result<AwsCredentials> {
    ++asked;
    const std::string access_key = asked == 1 ? "first" : "second", secret = "s";
    return AwsCredentials{.keys = {.access_key = access_key, .secret_key = Credential::take({'s'})},
                          .from = "a file that somebody renews",
                          .can_change = true};
  };
  s3.server.accept_key("first", "s");
  s3.server.accept_key("second", "s");
  const auto renewed = open_s3_store(s3.world(), s3.settings(), source, false, deadline).value();
  s3.server.expire_key("first");
  EXPECT_TRUE(renewed->put("a", as_bytes("x"), Durable::Now, deadline).ok());
  EXPECT_EQ(asked, 2);
  s3.server.expire_key("second");
  EXPECT_EQ(renewed->info("a", deadline).error().code(), Code::Denied);
}

TEST_F(S3Test, session_tokens_are_sent_and_signed) {
  s3.server.accept_key("temporary", "s", "token-of-session");
  const AwsCredentialsSource source = [&]() -> Result<AwsCredentials> {
    constexpr std::string_view token = "token-of-session";
    AwsCredentials found{.keys = {.access_key = "temporary", .secret_key = Credential::take({'s'})}, .from = "here"};
    found.keys.session_token = Credential::take({token.begin(), token.end()});
    return found;
  };
  const auto opened = open_s3_store(s3.world(), s3.settings(), source, false, deadline);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_TRUE(opened.value()->put("a", as_bytes("x"), Durable::Now, deadline).ok());
}

TEST_F(S3Test, encryption_and_storage_class_are_asked_for) {
  S3Settings settings = s3.settings();
  settings.encryption = "aws:kms";
  settings.kms_key = "key-of-kms";
  settings.storage_class = "STANDARD_IA";
  const std::unique_ptr<Store> encrypting = s3.try_open(settings).value();
  for (const std::string& text : {std::string("x"), large}) {
    ASSERT_TRUE(encrypting->put("enc/" + std::to_string(text.size()), as_bytes(text), Durable::Now, deadline).ok());
    const std::string key = "some/repository/enc/" + std::to_string(text.size());
    EXPECT_EQ(s3.server.metadata(key, "x-amz-server-side-encryption"), "aws:kms");
    EXPECT_EQ(s3.server.metadata(key, "x-amz-server-side-encryption-aws-kms-key-id"), "key-of-kms");
    EXPECT_EQ(s3.server.metadata(key, "x-amz-storage-class"), "STANDARD_IA");
  }
}

TEST_F(S3Test, other_prefixes_are_not_seen) {
  S3Settings settings = s3.settings();
  settings.prefix = "some/repository-2/";
  const std::unique_ptr<Store> other = s3.try_open(settings).value();
  ASSERT_TRUE(other->put("a", as_bytes("x"), Durable::Now, deadline).ok());
  EXPECT_TRUE(names_in(*store, "", deadline).empty());
  EXPECT_EQ(names_in(*other, "", deadline), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace hf
