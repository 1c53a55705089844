// S3Client: one signed request to one bucket and its answer, tried again while that can help.
//
// It knows addresses, signatures, clocks and what errors mean; it knows nothing of objects' semantics. Tried again
// are: no connection, a broken one, no answer in the time one attempt has, 5xx, SlowDown and its kin, bytes that did
// not arrive as they were sent. A request may therefore have been carried out more than once, and an error does not say
// that it was not carried out. When the server finds our clock wrong, its own Date is what is signed from then on; when
// it finds that credentials have expired, they are read again. Safe to call from several threads.
#pragma once

#include <atomic>

#include "base/sync.h"
#include "store/aws_credentials.h"
#include "store/retry.h"
#include "store/s3_xml.h"
#include "sys/http.h"

namespace hf {

struct S3Address {
  std::string endpoint;  // https://host[:port], without a path
  std::string bucket;
  std::string region;
  bool path_style = false;  // the bucket in the path, not in the host's name
  TlsOptions tls;
};

struct S3Limits {
  RetryPolicy retry;
  // What one attempt may take: this, and what its bytes need at a rate that no working line falls below.
  Duration attempt = std::chrono::seconds(60);
  uint64_t bytes_a_second_min = 64 << 10;
};

struct S3Request {
  std::string_view method;
  std::string key;  // "": the bucket itself
  UriQuery query;
  std::vector<HttpHeader> headers;  // names in lower case
  BytesView body;
  std::string body_sha256;  // in hex; "": it is computed
  uint64_t answer_bytes_max = 8 << 20;
  bool answers_xml = false;  // then success may hide an <Error>
  // Asked of each answer that reports success. Unavailable: what came is damaged or not whole, try again.
  std::function<Status(const HttpResponse&)> accept;
};

class S3Client {
 public:
  S3Client(const StoreWorld& world, S3Address address, S3Limits limits, AwsCredentialsSource source,
           AwsCredentials credentials);

  // An answer of status 2xx. Else NotFound: 404; Exists: 412; Corrupt: 416; Denied: credentials, policy, the key of
  // the encryption; Unsupported: 501; Unavailable: it did not come right; Failed: anything else. The server's words are
  // the detail.
  Result<HttpResponse> send(const S3Request& request, const Deadline& deadline);
  // The same, for less long: for what is asked while somebody waits.
  Result<HttpResponse> send(const S3Request& request, const Deadline& deadline, Duration patience);

  const S3Address& address() const { return address_; }
  const std::string& host() const { return host_; }

 private:
  struct Signed {
    HttpRequest request;
    WallTime when;
    std::string access_key;
  };

  Result<HttpResponse> attempt(const S3Request& request, const std::string& payload_hash, const Deadline& deadline);
  Result<HttpResponse> exchange(const S3Request& request, const Signed& signed_request, const Deadline& deadline);
  Signed sign(const S3Request& request, const std::string& payload_hash);
  Status look_at(const S3Request& request, const HttpResponse& response, const S3Failure& failure);
  bool can_mend(const HttpResponse& response, const S3Failure& failure, const Signed& signed_request);
  bool mend_clock(const HttpResponse& response, WallTime signed_at);
  bool renew_credentials(const std::string& refused);
  Error error_of(const S3Request& request, const HttpResponse& response, const S3Failure& failure);
  Error denied(const S3Failure& failure);

  const StoreWorld world_;
  const S3Address address_;
  const S3Limits limits_;
  const AwsCredentialsSource source_;
  std::string host_;         // as in the header
  std::string path_prefix_;  // "" or "/bucket"
  Guarded<AwsCredentials> credentials_;
  std::atomic<int64_t> clock_offset_ns_{0};  // what the server's clock is ahead of ours
};

}  // namespace hf
