#include "support/s3_real.h"

#include <cstdlib>

#include "sys/posix_fs.h"

namespace hf {
namespace {

std::string variable(const std::string& name) {
  const char* value = getenv(name.c_str());
  return value == nullptr ? "" : value;
}

Result<Credential> secret_of(const std::string& reference) {
  const std::string text = variable(reference.substr(reference.find(':') + 1));
  if (!reference.starts_with("env:") || text.empty()) return Error(Code::KeyMissing, "no secret " + reference);
  return Credential::take({text.begin(), text.end()});
}

// Credentials only: where the server is and whom to trust is said by options.
std::string environment(const char* name) {
  const std::string_view wanted = name;
  return wanted == "AWS_ACCESS_KEY_ID" || wanted == "AWS_SECRET_ACCESS_KEY" ? variable(name) : "";
}

}  // namespace

bool RealS3::is_there() {
  return !variable("HF_S3_ENDPOINT").empty();
}

RealS3::RealS3() : fs(make_posix_fs()) {
  options = {{"endpoint", variable("HF_S3_ENDPOINT")},
             {"bucket", variable("HF_S3_BUCKET")},
             {"prefix", "test-" + to_hex(entropy->bytes(8))},
             {"part_size", "5MiB"},
             {"encryption", "aws:kms"},
             {"ca_file", variable("HF_S3_CA_FILE")}};
}

Result<std::unique_ptr<Store>> RealS3::open(bool create) {
  const StoreWorld world{
      .clock = *clock, .entropy = *entropy, .fs = *fs, .http = *http, .secret = secret_of, .environment = environment};
  return s3_store_kind().open(world, options, create);
}

}  // namespace hf
