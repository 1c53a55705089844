// AwsCredentials: where the keys of an S3 request come from, as AWS's own tools find them.
//
// In this order: the options `access_key` and `secret_key` (and `session_token`); unless the option `profile` names
// one, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) of the environment; a profile of the shared
// credentials file (`credentials_file`, AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials).
#pragma once

#include <functional>

#include "store/sigv4.h"
#include "store/store.h"

namespace hf {

struct AwsCredentials {
  AwsKeys keys;
  std::string from;         // for messages: "profile backup of /root/.aws/credentials"
  bool can_change = false;  // reading them again may give others: somebody renews them
};

// Asked again when a server says that what it was given has expired. Safe to call from several threads.
using AwsCredentialsSource = std::function<Result<AwsCredentials>()>;

// KeyMissing: there are none, and the hint says where they are looked for; Refused: their file is open to others;
// Invalid: an access key without its secret, or no such profile.
Result<AwsCredentials> find_aws_credentials(const StoreWorld& world, const StoreOptions& options);

// `region` of the profile in AWS_CONFIG_FILE or ~/.aws/config; "" if there is none.
std::string find_aws_region(const StoreWorld& world, const StoreOptions& options);

}  // namespace hf
