#include "store/aws_credentials.h"

#include <gtest/gtest.h>

#include "crypto/wipe.h"
#include "support/s3_fixture.h"
#include "sys/fs.h"

namespace hf {
namespace {

class AwsCredentialsTest : public testing::Test {
 protected:
  S3Fixture s3;

  void write(const std::string& path, std::string_view text) {
    ASSERT_TRUE(replace_whole_file(*s3.fs, path, as_bytes(text), 0600).ok());
  }
  Result<AwsCredentials> find(const StoreOptions& options = {}) { return find_aws_credentials(s3.world(), options); }
  static std::string secret_of(const AwsCredentials& found) {
    return to_text(reveal_bytes(found.keys.secret_key, Purpose::Authenticate));
  }
  std::string error_of(const StoreOptions& options = {}) {
    const Result<AwsCredentials> found = find(options);
    return found.ok() ? "" : found.error().message() + " hint: " + found.error().hint();
  }
};

TEST_F(AwsCredentialsTest, options_come_first) {
  s3.environment = {{"AWS_ACCESS_KEY_ID", "env"}, {"AWS_SECRET_ACCESS_KEY", "env-secret"}};
  s3.secrets = {{"$one", "secret-one"}, {"$two", "token-two"}};
  const AwsCredentials found = find({{"access_key", "a"}, {"secret_key", "$one"}, {"session_token", "$two"}}).value();
  EXPECT_EQ(found.keys.access_key, "a");
  EXPECT_EQ(secret_of(found), "secret-one");
  EXPECT_EQ(to_text(reveal_bytes(found.keys.session_token.value(), Purpose::Authenticate)), "token-two");
  EXPECT_FALSE(found.can_change);
  EXPECT_EQ(find({{"access_key", "a"}}).error().code(), Code::Invalid);
  EXPECT_EQ(find({{"secret_key", "$one"}}).error().code(), Code::Invalid);
  EXPECT_EQ(find({{"access_key", "a"}, {"secret_key", "$none"}}).error().code(), Code::KeyMissing);
}

TEST_F(AwsCredentialsTest, then_the_environment) {
  s3.environment = {
      {"AWS_ACCESS_KEY_ID", "env"}, {"AWS_SECRET_ACCESS_KEY", "env-secret"}, {"AWS_SESSION_TOKEN", "env-token"}};
  const AwsCredentials found = find().value();
  EXPECT_EQ(found.keys.access_key, "env");
  EXPECT_EQ(secret_of(found), "env-secret");
  EXPECT_TRUE(found.keys.session_token.has_value());
  s3.environment.erase("AWS_SECRET_ACCESS_KEY");
  EXPECT_EQ(find().error().code(), Code::KeyMissing);
}

TEST_F(AwsCredentialsTest, then_a_profile_of_the_shared_file) {
  const std::string path = s3.directory / "credentials";
  write(path,
        "# keys\n[default]\naws_access_key_id=one\naws_secret_access_key = s1\n"
        "[ backup ]\r\naws_access_key_id = two\r\n  aws_access_key_id = nested\r\naws_secret_access_key = s=2\r\n"
        "aws_session_token = t2\r\n[empty]\nregion = x\n");
  s3.environment["AWS_SHARED_CREDENTIALS_FILE"] = path;
  EXPECT_EQ(find().value().keys.access_key, "one");
  const AwsCredentials two = find({{"profile", "backup"}}).value();
  EXPECT_EQ(two.keys.access_key, "two");
  EXPECT_EQ(secret_of(two), "s=2");
  EXPECT_TRUE(two.keys.session_token.has_value());
  EXPECT_TRUE(two.can_change);
  s3.environment["AWS_PROFILE"] = "backup";
  EXPECT_EQ(find().value().keys.access_key, "two");
  EXPECT_EQ(find({{"profile", "none"}}).error().code(), Code::Invalid);
  EXPECT_EQ(find({{"profile", "empty"}}).error().code(), Code::Invalid);
  // A profile that is named is stronger than keys of the environment.
  s3.environment["AWS_ACCESS_KEY_ID"] = "env";
  EXPECT_EQ(find({{"profile", "default"}}).value().keys.access_key, "one");
  EXPECT_EQ(find({{"credentials_file", path}}).value().keys.access_key, "two");
}

TEST_F(AwsCredentialsTest, without_any_the_ways_to_give_them_are_told) {
  s3.environment["HOME"] = s3.directory / "nowhere";
  EXPECT_EQ(find().error().code(), Code::KeyMissing);
  EXPECT_NE(error_of().find("AWS_ACCESS_KEY_ID"), std::string::npos);
  s3.environment.erase("HOME");
  EXPECT_EQ(find().error().code(), Code::KeyMissing);
  EXPECT_NE(error_of({{"credentials_file", s3.directory / "none"}}).find("there is no file"), std::string::npos);
}

TEST_F(AwsCredentialsTest, no_error_repeats_a_secret) {
  const std::string path = s3.directory / "credentials";
  write(path, "[default]\naws_secret_access_key = canary\n[other]\naws_access_key_id canary\n");
  EXPECT_EQ(error_of({{"credentials_file", path}}).find("canary"), std::string::npos);
  EXPECT_EQ(error_of({{"credentials_file", path}, {"profile", "other"}}).find("canary"), std::string::npos);
}

TEST_F(AwsCredentialsTest, the_region_is_that_of_the_profile) {
  const std::string path = s3.directory / "config";
  write(path, "[default]\nregion = eu-west-1\n[profile backup]\nregion=eu-north-1\ns3 =\n  region = nested\n");
  s3.environment["AWS_CONFIG_FILE"] = path;
  EXPECT_EQ(find_aws_region(s3.world(), {}), "eu-west-1");
  EXPECT_EQ(find_aws_region(s3.world(), {{"profile", "backup"}}), "eu-north-1");
  EXPECT_EQ(find_aws_region(s3.world(), {{"profile", "none"}}), "");
}

}  // namespace
}  // namespace hf
