// SigV4: AWS Signature Version 4, the way S3 and those that speak like it know who asks: the Authorization header.
//
// Pure functions of request, keys and time. Paths are encoded once and not normalised, which is S3's rule and not that
// of AWS's other services. Nothing here keeps or shows the secret key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "sys/http.h"

namespace hf {

struct AwsKeys {
  std::string access_key;  // an id, not a secret
  Credential secret_key = Credential::take({});
  std::optional<Credential> session_token;  // of temporary credentials
};

struct SigV4Scope {
  std::string region;
  std::string service = "s3";
};

// Names and values before they are encoded.
using UriQuery = std::vector<std::pair<std::string, std::string>>;

struct SigV4Request {
  std::string method;
  std::string path;  // as it is sent: encoded, beginning with a slash
  UriQuery query;
  std::vector<HttpHeader> headers;  // those that are signed, `host` and `x-amz-date` among them
  std::string payload_hash;         // SHA-256 in hex
};

// Everything but letters, digits and -._~ as %XX; of a path the slashes stay.
std::string uri_encode(std::string_view text);
std::string uri_encode_path(std::string_view path);
// Encoded, sorted, joined: what is signed and what is sent.
std::string canonical_query(const UriQuery& query);
std::string canonical_request(const SigV4Request& request);
// 20150830T123600Z
std::string amz_date(WallTime time);
// The value of the header Authorization. `when` is that of the header x-amz-date.
std::string sigv4_authorization(const SigV4Request& request, const AwsKeys& keys, const SigV4Scope& scope,
                                WallTime when);

}  // namespace hf
