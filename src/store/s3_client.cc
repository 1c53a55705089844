#include "store/s3_client.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/wipe.h"
#include "sys/entry.h"
#include "sys/http_date.h"

namespace hf {
namespace {

constexpr Duration clock_difference_min = std::chrono::minutes(1);  // less is not worth signing anew for
constexpr Duration clock_difference_refused = std::chrono::minutes(5);
constexpr int mends_max = 4;  // of one attempt: a clock and credentials may both be wrong, and wrong again

constexpr std::string_view busy_codes[] = {"SlowDown",
                                           "SlowDownRead",
                                           "SlowDownWrite",
                                           "ServiceUnavailable",
                                           "Throttling",
                                           "ThrottlingException",
                                           "TooManyRequests",
                                           "RequestLimitExceeded",
                                           "RequestTimeout",
                                           "InternalError",
                                           "OperationAborted",
                                           "ConditionalRequestConflict",
                                           "PriorRequestNotComplete",
                                           "XMinioServerNotInitialized"};
// What arrived was not what was sent.
constexpr std::string_view damage_codes[] = {"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
                                             "InvalidDigest", "IncompleteBody"};
constexpr std::string_view expiry_codes[] = {"ExpiredToken", "ExpiredTokenException", "InvalidToken",
                                             "TokenRefreshRequired", "InvalidAccessKeyId"};
constexpr int busy_statuses[] = {408, 429, 500, 502, 503, 504};

template <typename List, typename T>
bool is_one_of(const List& list, const T& value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

std::string host_of(const std::string& endpoint) {
  const bool is_tls = endpoint.starts_with("https://");
  std::string host = endpoint.substr(endpoint.find("://") + 3);
  const std::string_view port = is_tls ? ":443" : ":80";
  if (host.ends_with(port)) host.resize(host.size() - port.size());
  return host;
}

std::string with_bucket(const S3Address& address, const std::string& host) {
  return address.path_style ? host : address.bucket + "." + host;
}

// HEAD has no body to say why; some servers say it in a header.
S3Failure failure_of(const HttpResponse& response) {
  if (std::optional<S3Failure> failure = parse_s3_failure(response.body)) return *std::move(failure);
  S3Failure failure;
  failure.code = response.header("x-minio-error-code");
  return failure;
}

// AWS and MinIO spell it in their own ways.
bool is_of_kms(const S3Failure& failure) {
  return failure.code.starts_with("KMS.") || failure.code.starts_with("kms:");
}

std::string words_of(const HttpResponse& response, const S3Failure& failure) {
  return "status " + std::to_string(response.status) + " " + failure.code + ": " + failure.message;
}

}  // namespace

S3Client::S3Client(const StoreWorld& world, S3Address address, S3Limits limits, AwsCredentialsSource source,
                   AwsCredentials credentials)
    : world_(world),
      address_(std::move(address)),
      limits_(limits),
      source_(std::move(source)),
      host_(with_bucket(address_, host_of(address_.endpoint))),
      path_prefix_(address_.path_style ? "/" + address_.bucket : ""),
      credentials_(std::move(credentials)) {}

Result<HttpResponse> S3Client::send(const S3Request& request, const Deadline& deadline) {
  return send(request, deadline, limits_.retry.patience);
}

Result<HttpResponse> S3Client::send(const S3Request& request, const Deadline& deadline, Duration patience) {
  const std::string hash = request.body_sha256.empty() ? to_hex(sha256(request.body).bytes) : request.body_sha256;
  RetryPolicy policy = limits_.retry;
  policy.patience = std::min(patience, policy.patience);
  return Retry(world_.clock, world_.entropy, policy, deadline, world_.stop).run([&] {
    return attempt(request, hash, deadline);
  });
}

Result<HttpResponse> S3Client::attempt(const S3Request& request, const std::string& payload_hash,
                                       const Deadline& deadline) {
  for (int mends = 0;; ++mends) {
    const Signed signed_request = sign(request, payload_hash);
    HttpResponse response = HF_TRY(exchange(request, signed_request, deadline));
    const bool is_success = response.status / 100 == 2;
    const S3Failure failure = is_success && !request.answers_xml ? S3Failure() : failure_of(response);
    if (mends < mends_max && can_mend(response, failure, signed_request)) continue;
    HF_TRY(look_at(request, response, failure));
    return response;
  }
}

S3Client::Signed S3Client::sign(const S3Request& request, const std::string& payload_hash) {
  Signed made{.request = {.method = std::string(request.method)},
              .when = world_.clock.wall() + Duration(clock_offset_ns_.load()),
              .access_key = ""};
  const std::string path = path_prefix_ + "/" + uri_encode_path(request.key);
  SigV4Request signable{std::string(request.method), path, request.query, request.headers, payload_hash};
  signable.headers.push_back({"host", host_});
  signable.headers.push_back({"x-amz-content-sha256", payload_hash});
  signable.headers.push_back({"x-amz-date", amz_date(made.when)});
  const std::string authorization = credentials_.with([&](const AwsCredentials& credentials) {
    made.access_key = credentials.keys.access_key;
    if (credentials.keys.session_token)
      signable.headers.push_back(
          {"x-amz-security-token", to_text(reveal_bytes(*credentials.keys.session_token, Purpose::Authenticate))});
    return sigv4_authorization(signable, credentials.keys, {.region = address_.region}, made.when);
  });
  const std::string query = canonical_query(request.query);
  const std::string scheme = address_.endpoint.substr(0, address_.endpoint.find("://") + 3);
  made.request.url = scheme + host_ + path + (query.empty() ? "" : "?" + query);
  made.request.headers = std::move(signable.headers);
  made.request.headers.push_back({"authorization", authorization});
  made.request.body = request.body;
  made.request.tls = address_.tls;
  made.request.response_bytes_max = request.answer_bytes_max;
  made.request.head_only = request.method == "HEAD";
  return made;
}

Result<HttpResponse> S3Client::exchange(const S3Request& request, const Signed& signed_request,
                                        const Deadline& deadline) {
  const uint64_t bytes = request.body.size() + (request.method == "GET" ? request.answer_bytes_max : 0);
  const Duration budget = limits_.attempt + std::chrono::seconds(bytes / limits_.bytes_a_second_min);
  const Deadline mine(world_.clock, std::min(budget, deadline.left()));
  // Who was asked to stop still stores what it has in hand; it is the waiting between attempts that ends.
  Result<HttpResponse> response = world_.http.send(signed_request.request, mine, {});
  const bool is_late = !response.ok() && response.error().code() == Code::Timeout && !deadline.passed();
  if (is_late) return Error(Code::Unavailable, response.error().message());
  return response;
}

// The error that an answer stands for, if it does.
Status S3Client::look_at(const S3Request& request, const HttpResponse& response, const S3Failure& failure) {
  if (response.status / 100 != 2 || !failure.code.empty()) return error_of(request, response, failure);
  return request.accept ? request.accept(response) : Status();
}

// Whether it was refused for something that is right now.
bool S3Client::can_mend(const HttpResponse& response, const S3Failure& failure, const Signed& signed_request) {
  if (response.status / 100 == 2 && failure.code.empty()) return false;
  const bool is_silent = failure.code.empty() && (response.status == 403 || response.status == 400);
  if (failure.code == "RequestTimeTooSkewed") return mend_clock(response, signed_request.when);
  if (is_one_of(expiry_codes, failure.code)) return renew_credentials(signed_request.access_key);
  if (!is_silent) return false;
  const std::optional<WallTime> date = parse_http_date(response.header("date"));
  const bool is_skewed = date && std::chrono::abs(*date - signed_request.when) > clock_difference_refused;
  return is_skewed ? mend_clock(response, signed_request.when) : renew_credentials(signed_request.access_key);
}

bool S3Client::mend_clock(const HttpResponse& response, WallTime signed_at) {
  const std::optional<WallTime> date = parse_http_date(response.header("date"));
  if (!date || std::chrono::abs(*date - signed_at) < clock_difference_min) return false;
  clock_offset_ns_ = Duration(*date - world_.clock.wall()).count();
  return true;
}

// False if they are what they were.
bool S3Client::renew_credentials(const std::string& refused) {
  return credentials_.with([&](AwsCredentials& credentials) {
    if (credentials.keys.access_key != refused) return true;  // another thread was first
    if (!credentials.can_change) return false;
    Result<AwsCredentials> renewed = source_();
    if (!renewed.ok() || renewed.value().keys.access_key == refused) return false;
    credentials = std::move(renewed).value();
    return true;
  });
}

Error S3Client::error_of(const S3Request& request, const HttpResponse& response, const S3Failure& failure) {
  const std::string words = words_of(response, failure);
  const std::string who = printable(host_);
  const auto error = [&](Code code, const std::string& what) { return Error(code, what).with_detail(words); };
  std::string region(response.header("x-amz-bucket-region"));
  if (region.empty()) region = failure.region;
  if (is_one_of(damage_codes, failure.code)) return error(Code::Unavailable, who + " got other bytes than were sent");
  if (is_one_of(busy_codes, failure.code) || is_one_of(busy_statuses, response.status))
    return error(Code::Unavailable, who + " cannot serve it now");
  // Within a run it must not pass for an object that is not there.
  if (failure.code == "NoSuchBucket")
    return error(request.key.empty() ? Code::NotFound : Code::Failed,
                 "there is no bucket " + printable(address_.bucket) + " at " + who);
  if ((response.status == 301 || response.status == 307 || failure.code == "AuthorizationHeaderMalformed") &&
      !region.empty() && region != address_.region)
    return error(Code::Invalid,
                 "bucket " + printable(address_.bucket) + " is in another region than " + printable(address_.region))
        .with_hint("region: " + printable(region));
  if (is_of_kms(failure)) return denied(failure).with_detail(words);
  if (response.status == 404) return error(Code::NotFound, "it is not there");
  if (response.status == 412) return error(Code::Exists, "it is there already");
  if (response.status == 416) return error(Code::Corrupt, "it is too short");
  if (response.status == 501) return error(Code::Unsupported, who + " cannot do that");
  const bool is_silent = response.status == 400 && failure.code.empty();  // to a HEAD; so AWS refuses expired tokens
  if (response.status == 401 || response.status == 403 || is_silent || is_one_of(expiry_codes, failure.code))
    return denied(failure).with_detail(words);
  return error(Code::Failed, who + " refused it with status " + std::to_string(response.status))
      .with_hint("--show-detail shows what it said");
}

Error S3Client::denied(const S3Failure& failure) {
  const std::string from = credentials_.with([](const AwsCredentials& credentials) { return credentials.from; });
  const std::string who = printable(host_);
  const auto error = [&](const std::string& what, const std::string& hint) {
    return Error(Code::Denied, who + " " + what).with_hint(hint);
  };
  if (failure.code == "InvalidAccessKeyId") return error("does not know the access key", "it comes from " + from);
  if (failure.code == "SignatureDoesNotMatch")
    return error("refuses the signature", "the secret key does not belong to the access key; both come from " + from);
  if (failure.code == "RequestTimeTooSkewed")
    return error("refuses the time", "set this machine's clock: it differs from the server's");
  if (is_of_kms(failure))
    return error("cannot use the encryption key", "does it exist, is it enabled, and may the credentials use it?");
  if (is_one_of(expiry_codes, failure.code))
    return error("says that the credentials have expired", "renew them: they come from " + from);
  return error("does not allow it",
               "the credentials come from " + from + "; OPERATIONS.md, \"S3\", has the policy that a repository needs");
}

}  // namespace hf
