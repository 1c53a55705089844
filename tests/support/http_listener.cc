#include "support/http_listener.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace hf {
namespace {

constexpr int look_for_stop_ms = 50;

bool wait_readable(int descriptor, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, look_for_stop_ms) > 0) return true;
  }
  return false;
}

// False: the client has gone, or we are to stop.
bool read_more(int descriptor, Bytes& buffer, const std::stop_token& stop) {
  if (!wait_readable(descriptor, stop)) return false;
  std::byte block[64 << 10];
  const ssize_t count = recv(descriptor, block, sizeof block, 0);
  if (count <= 0) return false;
  append(buffer, BytesView(block, static_cast<size_t>(count)));
  return true;
}

void write_all(int descriptor, BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
}

void close_with_reset(int descriptor) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(descriptor);
}

TestRequest parse_head(std::string_view head) {
  TestRequest request;
  const size_t first = head.find(' '), second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  for (size_t at = head.find("\r\n"); at != head.npos && at + 2 < head.size();) {
    const size_t end = std::min(head.find("\r\n", at + 2), head.size());
    const std::string_view line = head.substr(at + 2, end - at - 2);
    if (const size_t colon = line.find(':'); colon != line.npos) {
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      const std::string_view value = line.substr(colon + 1);
      request.headers[name] = value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    at = end;
  }
  return request;
}

size_t length_of(const TestRequest& request) {
  size_t length = 0;
  const auto found = request.headers.find("content-length");
  if (found != request.headers.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), length);
  return length;
}

Bytes written(const TestRequest& request, const TestAnswer& answer) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " x\r\n";
  const bool is_head = request.method == "HEAD";
  for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
  if (answer.status != 204)
    text += "Content-Length: " + std::to_string(is_head ? answer.length_of_head : answer.body.size()) + "\r\n";
  Bytes bytes = to_bytes(text + "\r\n");
  if (!is_head && answer.status != 204) append(bytes, answer.body);
  return bytes;
}

}  // namespace

HttpListener::HttpListener(IsCut is_cut, Handler handler) : is_cut_(std::move(is_cut)), handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  HF_ASSERT(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  HF_ASSERT(listen(listener_, 128) == 0);
  HF_ASSERT(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](std::stop_token stop) { accept_all(stop); });
}

HttpListener::~HttpListener() {
  acceptor_ = {};  // asked to stop, and joined
  connections_.with([](std::list<Connection>& connections) {
    for (Connection& connection : connections) connection.thread.request_stop();
    connections.clear();
  });
  close(listener_);
}

void HttpListener::accept_all(std::stop_token stop) {
  while (wait_readable(listener_, stop)) {
    const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) continue;
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_.with([&](std::list<Connection>& connections) {
      connections.remove_if([](const Connection& connection) { return connection.is_over.load(); });
      Connection& connection = connections.emplace_back();
      connection.thread = std::jthread([this, descriptor, &connection](std::stop_token mine) {
        serve(descriptor, mine);
        connection.is_over = true;
      });
    });
  }
}

void HttpListener::serve(int descriptor, std::stop_token stop) {
  Bytes buffer;
  for (;;) {
    size_t head = std::string_view::npos;
    while ((head = as_text(buffer).find("\r\n\r\n")) == std::string_view::npos)
      if (!read_more(descriptor, buffer, stop)) return void(close(descriptor));
    TestRequest request = parse_head(as_text(buffer).substr(0, head + 2));
    const size_t begin = head + 4, length = length_of(request);
    const bool is_cut = is_cut_(request);
    while (buffer.size() < begin + (is_cut ? length / 2 : length))
      if (!read_more(descriptor, buffer, stop)) return void(close(descriptor));
    if (is_cut) return close_with_reset(descriptor);
    request.body = to_bytes(BytesView(buffer).subspan(begin, length));
    buffer = to_bytes(BytesView(buffer).subspan(begin + length));
    const TestRequest asked{request.method, request.target, {}, {}};
    const TestAnswer answer = handler_(std::move(request));
    const Bytes bytes = written(asked, answer);
    if (answer.send == TestAnswer::Send::Stall) {
      read_more(descriptor, buffer, stop);
      return void(close(descriptor));
    }
    if (answer.send == TestAnswer::Send::Half)
      write_all(descriptor, BytesView(bytes).first(bytes.size() - (answer.body.size() + 1) / 2));
    if (answer.send != TestAnswer::Send::Whole) return close_with_reset(descriptor);
    write_all(descriptor, bytes);
  }
}

}  // namespace hf
