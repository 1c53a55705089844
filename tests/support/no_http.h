// NoHttp, no_secret: a network in which nobody answers, and a place without secrets, for tests that must not need one.
#pragma once

#include "base/secret_opener.h"
#include "sys/http.h"

namespace hf {

class NoHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest&, const Deadline&, std::stop_token) override {
    return Error(Code::Unavailable, "nobody answers");
  }
};

inline Result<Credential> no_secret(const std::string& reference) {
  return Error(Code::KeyMissing, "no secret " + reference);
}

}  // namespace hf
