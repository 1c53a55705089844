// Against a peer on loopback that says exactly what each test wants it to.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "sys/http.h"
#include "sys/real_world.h"

namespace hf {
namespace {

// Answers each request on one connection after the other with `answer`; remembers what it was asked.
class Peer {
 public:
  explicit Peer(std::string answer) : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Peer() {
    shutdown(listener_, SHUT_RDWR);
    shutdown(connection_, SHUT_RDWR);
    thread_.join();
    if (connection_ >= 0) close(connection_);
    close(listener_);
  }

  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::string asked() const { return asked_; }  // once the exchange is over
  int connections() const { return connections_; }

 private:
  void serve() {
    for (;;) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      if (connection_ >= 0) close(connection_);
      connection_ = connection;
      ++connections_;
      char text[65536];
      for (ssize_t got = 0; (got = read(connection, text, sizeof text)) > 0;) {
        asked_.append(text, static_cast<size_t>(got));
        if (answer_.empty()) break;  // hangs up
        if (answer_ == "silence") continue;
        EXPECT_EQ(write(connection, answer_.data(), answer_.size()), static_cast<ssize_t>(answer_.size()));
      }
      shutdown(connection, SHUT_RDWR);
    }
  }

  const std::string answer_;
  int listener_;
  uint16_t port_ = 0;
  std::atomic<int> connection_ = -1, connections_ = 0;
  std::string asked_;
  std::jthread thread_;
};

class CurlHttp : public testing::Test {
 public:
  Result<HttpResponse> send(const HttpRequest& request, std::chrono::seconds budget = std::chrono::seconds(60),
                            std::stop_token stop = {}) {
    return http->send(request, Deadline(*clock, budget), stop);
  }

  const std::unique_ptr<Clock> clock = make_real_clock();
  std::unique_ptr<HttpClient> http = make_curl_http(*clock);
};

std::string text_of(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(CurlHttp, GivesStatusHeadersAndBody) {
  Peer peer("HTTP/1.1 404 No\r\nContent-Length: 5\r\nX-Some-Thing:  a b \r\n\r\nhello");
  const HttpResponse response =
      send({.url = peer.url("/a?b=c"), .headers = {{"X-Mine", "1"}, {"X-Empty", ""}}}).value();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.header("x-some-thing"), "a b");
  EXPECT_EQ(response.header("absent"), "");
  EXPECT_EQ(text_of(response.body), "hello");
  http.reset();
  EXPECT_TRUE(peer.asked().starts_with("GET /a?b=c HTTP/1.1\r\n")) << peer.asked();
  EXPECT_NE(peer.asked().find("X-Mine: 1\r\n"), std::string::npos);
  EXPECT_NE(peer.asked().find("X-Empty:\r\n"), std::string::npos);
}

TEST_F(CurlHttp, SendsABodyAndKeepsTheConnection) {
  Peer peer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const std::string body = "some bytes";
  for (const char* method : {"PUT", "POST"}) {
    const HttpResponse response =
        send({.method = method, .url = peer.url("/x"), .body = std::as_bytes(std::span(body))}).value();
    EXPECT_EQ(response.status, 200);
  }
  EXPECT_EQ(send({.method = "DELETE", .url = peer.url("/x")}).value().status, 200);
  EXPECT_EQ(send({.method = "PUT", .url = peer.url("/empty")}).value().status, 200);
  EXPECT_EQ(peer.connections(), 1);
  http.reset();
  EXPECT_NE(peer.asked().find("PUT /x HTTP/1.1\r\n"), std::string::npos);
  EXPECT_NE(peer.asked().find("Content-Length: 10\r\n"), std::string::npos);
  EXPECT_NE(peer.asked().find("some bytesPOST /x"), std::string::npos) << peer.asked();
  EXPECT_EQ(peer.asked().find("Content-Type"), std::string::npos);
}

TEST_F(CurlHttp, HeadHasNoBody) {
  Peer peer("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
  const HttpResponse response = send({.url = peer.url("/x"), .head_only = true}).value();
  EXPECT_EQ(response.header("content-length"), "1234");
  EXPECT_TRUE(response.body.empty());
}

TEST_F(CurlHttp, RedirectsAreAnswers) {
  Peer peer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(send({.url = peer.url("/")}).value().status, 302);
}

TEST_F(CurlHttp, RefusesMoreThanWasAllowed) {
  Peer peer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(send({.url = peer.url("/"), .response_bytes_max = 4}).error().code(), Code::Corrupt);
  EXPECT_TRUE(send({.url = peer.url("/"), .response_bytes_max = 5}).ok());
}

TEST_F(CurlHttp, ABrokenConnectionIsUnavailable) {
  Peer hangs_up("");
  EXPECT_EQ(send({.url = hangs_up.url("/secret?token=1")}).error().code(), Code::Unavailable);
  Peer cuts_short("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhel");
  // Its body ends when the peer closes, which it does when we do: so only the deadline ends this.
  EXPECT_EQ(send({.url = cuts_short.url("/")}, std::chrono::seconds(1)).error().code(), Code::Timeout);
  const Result<HttpResponse> nobody = send({.url = "http://user:pw@127.0.0.1:1/secret?token=1"});
  EXPECT_EQ(nobody.error().code(), Code::Unavailable);
  EXPECT_EQ(nobody.error().message().find("secret"), std::string::npos) << nobody.error().message();
  EXPECT_EQ(nobody.error().message().find("pw"), std::string::npos) << nobody.error().message();
  EXPECT_NE(nobody.error().message().find("127.0.0.1:1"), std::string::npos) << nobody.error().message();
}

TEST_F(CurlHttp, StopsWhenAskedTo) {
  Peer peer("silence");
  std::stop_source source;
  std::jthread asks([&] {
    clock->sleep_until(clock->mono() + std::chrono::milliseconds(50), {});
    source.request_stop();
  });
  EXPECT_EQ(send({.url = peer.url("/")}, std::chrono::seconds(60), source.get_token()).error().code(), Code::Cancelled);
}

TEST_F(CurlHttp, RefusesWhatItMustNotSend) {
  EXPECT_EQ(send({.url = "file:///etc/passwd"}).error().code(), Code::Invalid);
  EXPECT_EQ(send({.url = "nonsense://x"}).error().code(), Code::Invalid);
  EXPECT_EQ(send({.url = "http://127.0.0.1:1/", .headers = {{"X", "a\r\nY: b"}}}).error().code(), Code::Invalid);
}

}  // namespace
}  // namespace hf
