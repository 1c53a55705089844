// S3Fixture: an S3Server, and stores over it with real time and a real HTTP client.
#pragma once

#include "store/s3.h"
#include "support/s3_server.h"
#include "support/seeded_entropy.h"
#include "support/temp_directory.h"
#include "sys/fs.h"
#include "sys/real_world.h"

namespace hf {

struct S3Fixture {
  explicit S3Fixture(uint64_t seed = 1);

  const std::unique_ptr<Clock> clock = make_real_clock();
  SeededEntropy entropy;
  const std::unique_ptr<Fs> fs;
  const std::unique_ptr<HttpClient> http = make_curl_http(*clock);
  TempDirectory directory;
  std::map<std::string, std::string> environment;
  std::stop_source stop;
  S3Server server;
  Deadline deadline{*clock, std::chrono::hours(1)};

  // Secrets are looked up here, and `file:PATH` in the file.
  std::map<std::string, std::string> secrets;

  StoreWorld world();
  // Small parts and pages, short pauses: much happens soon.
  S3Settings settings() const;
  AwsCredentialsSource credentials(const std::string& access_key = "key-of-tests",
                                   const std::string& secret = "secret");
  Result<std::unique_ptr<Store>> try_open(S3Settings settings, bool create = false);
  std::unique_ptr<Store> open() { return try_open(settings()).value(); }
};

}  // namespace hf
