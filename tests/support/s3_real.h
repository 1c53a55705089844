// RealS3: an S3 server that a script has started for these tests, and a prefix of the test's own in its bucket.
//
// HF_S3_ENDPOINT, HF_S3_BUCKET and HF_S3_CA_FILE say where; credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
// as for the program itself.
#pragma once

#include "store/s3.h"
#include "sys/fs.h"
#include "sys/real_world.h"

namespace hf {

struct RealS3 {
  static bool is_there();

  RealS3();

  const std::unique_ptr<Clock> clock = make_real_clock();
  const std::unique_ptr<Entropy> entropy = make_real_entropy();
  const std::unique_ptr<Fs> fs;
  const std::unique_ptr<HttpClient> http = make_curl_http(*clock);
  Deadline deadline{*clock, std::chrono::minutes(10)};
  StoreOptions options;  // of the kind; a test may change them

  Result<std::unique_ptr<Store>> open(bool create = false);
};

}  // namespace hf
