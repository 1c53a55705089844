#include "support/s3_fixture.h"

#include "sys/posix_fs.h"

namespace hf {

S3Fixture::S3Fixture(uint64_t seed) : entropy(seed), fs(make_posix_fs()), server(seed) {
  server.accept_key("key-of-tests", "secret");
}

StoreWorld S3Fixture::world() {
  const auto open_secret = [this](const std::string& reference) -> Result<Credential> {
    std::string text;
    if (reference.starts_with("file:")) {
      Result<Bytes> read = read_whole_file(*fs, reference.substr(5), 1 << 16);
      if (!read.ok()) return Error(Code::KeyMissing, "there is no file " + reference.substr(5));
      text = to_text(read.value());
    } else if (reference.starts_with("env:")) {
      text = environment[reference.substr(4)];
    } else {
      text = secrets[reference];
    }
    if (text.empty()) return Error(Code::KeyMissing, "no secret " + reference);
    return Credential::take({text.begin(), text.end()});
  };
  return {.clock = *clock,
          .entropy = entropy,
          .fs = *fs,
          .http = *http,
          .secret = open_secret,
          .environment = [this](const char* name) { return environment.contains(name) ? environment[name] : ""; },
          .stop = stop.get_token()};
}

S3Settings S3Fixture::settings() const {
  S3Settings settings{
      .address = {.endpoint = server.endpoint(), .bucket = "bucket", .region = "us-east-1", .path_style = true},
      .prefix = "some/repository/",
      .part_bytes = 1000,
      .page_objects = 7};
  settings.limits.retry = {.first = std::chrono::milliseconds(1),
                           .most = std::chrono::milliseconds(20),
                           .patience = std::chrono::minutes(10)};
  settings.limits.attempt = std::chrono::seconds(1);
  return settings;
}

AwsCredentialsSource S3Fixture::credentials(const std::string& access_key, const std::string& secret) {
  return [access_key, secret]() -> Result<AwsCredentials> {
    return AwsCredentials{
        .keys = {.access_key = access_key, .secret_key = Credential::take({secret.begin(), secret.end()})},
        .from = "the test"};
  };
}

Result<std::unique_ptr<Store>> S3Fixture::try_open(S3Settings settings, bool create) {
  return open_s3_store(world(), std::move(settings), credentials(), create, deadline);
}

}  // namespace hf
