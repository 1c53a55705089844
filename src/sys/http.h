// HttpClient: one HTTP exchange, over TLS where the URL says https.
//
// TLS 1.3 at least unless a request allows 1.2; certificates and host names are always verified, against the system's
// authorities or those of `ca_file`. Redirects are not followed: they are an answer. No proxy, no cookie, no credential
// comes from the environment. Connections are kept and used again. Safe to call from several threads.
//
// Errors are about the transport only; any status is an answer. Unavailable: no connection, or it broke (the request
// may have been carried out); Timeout: the deadline; Cancelled: stop was requested; Denied: the server's certificate is
// not trusted; Invalid: not a URL this client can speak. Messages name host and port, never path, query or headers.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace hf {

struct HttpHeader {
  std::string name, value;
};

struct TlsOptions {
  std::string ca_file;      // PEM; "": the system's authorities
  bool allow_1_2 = false;   // for servers that cannot do better
  std::string client_cert;  // PEM files, for mutual TLS
  std::string client_key;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;                  // http:// or https://
  std::vector<HttpHeader> headers;  // exactly these, and what the protocol needs
  BytesView body;                   // must outlive the exchange
  TlsOptions tls;
  uint64_t response_bytes_max = 64u << 20;  // Corrupt if the body of the answer is larger
  bool head_only = false;                   // HEAD: the answer has headers only
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  // names in lower case
  Bytes body;
  Duration took{};

  // The first header of that name (lower case); "" if there is none.
  std::string_view header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline, std::stop_token stop) = 0;
};

// Over libcurl.
std::unique_ptr<HttpClient> make_curl_http(Clock& clock);

}  // namespace hf
