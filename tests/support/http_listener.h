// HttpListener: a small HTTP/1.1 server on a loopback port, for servers that tests make to fail.
//
// One thread a connection, connections are kept. A handler answers a request, and may ask for the connection to be
// treated badly instead. Not for anything but tests: it trusts its client to be well-formed.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sync.h"

namespace hf {

struct TestRequest {
  std::string method, target;                  // target: as sent, path and query
  std::map<std::string, std::string> headers;  // names in lower case
  Bytes body;
};

struct TestAnswer {
  enum class Send : uint8_t {
    Whole,
    Nothing,  // the connection is reset instead
    Half,     // headers and half of the body, then a reset
    Stall,    // nothing, until the client has had enough
  };
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  Bytes body;
  uint64_t length_of_head = 0;  // Content-Length of the answer to a HEAD
  Send send = Send::Whole;
};

class HttpListener {
 public:
  // `is_cut` is asked when the headers are there: true to reset before the body has been read in full.
  using IsCut = std::function<bool(const TestRequest&)>;
  using Handler = std::function<TestAnswer(TestRequest&&)>;

  HttpListener(IsCut is_cut, Handler handler);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void accept_all(std::stop_token stop);
  void serve(int descriptor, std::stop_token stop);

  const IsCut is_cut_;
  const Handler handler_;
  int listener_ = -1;
  uint16_t port_ = 0;
  struct Connection {
    std::atomic<bool> is_over = false;
    std::jthread thread;
  };
  Guarded<std::list<Connection>> connections_;
  std::jthread acceptor_;
};

}  // namespace hf
