#include "app/terminal.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace hf {
namespace {

constexpr size_t buffer_bytes = 64 << 10;
constexpr int poll_ms = 200;
constexpr size_t answer_bytes_max = 4096;

// Restores the terminal's settings when it dies.
class EchoOff {
 public:
  EchoOff() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_set_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~EchoOff() {
    if (is_set_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  termios before_{};
  bool is_set_ = false;
};

class RealTerminal final : public Terminal {
 public:
  RealTerminal() { buffer_.reserve(buffer_bytes); }

  Status write(BytesView bytes) override {
    if (buffer_.size() + bytes.size() > buffer_bytes) HF_TRY(flush());
    if (bytes.size() >= buffer_bytes) return write_all(STDOUT_FILENO, as_text(bytes));
    buffer_ += as_text(bytes);
    return {};
  }

  Status flush() override {
    if (buffer_.empty()) return {};
    const std::string text = std::exchange(buffer_, {});
    return write_all(STDOUT_FILENO, text);
  }

  // Nobody could be told that standard error does not take it.
  void write_error(std::string_view text) override { static_cast<void>(write_all(STDERR_FILENO, text).ok()); }

  bool is_interactive() const override { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }
  bool shows_progress() const override { return isatty(STDERR_FILENO) == 1; }

  size_t columns() const override {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

  Result<Passphrase> ask_secret(std::string_view question, std::stop_token stop) override {
    std::vector<unsigned char> line;
    line.reserve(answer_bytes_max);  // never moved, so nothing is left behind unwiped
    write_error(question);
    const EchoOff quiet;
    const Status read = read_line(line, stop);
    write_error("\n");
    Passphrase secret = Passphrase::take(std::move(line));
    if (!read.ok()) return read.error().clone();
    return secret;
  }

  Result<std::string> ask_line(std::string_view question, std::stop_token stop) override {
    std::vector<unsigned char> line;
    write_error(question);
    HF_TRY(read_line(line, stop));
    return std::string(line.begin(), line.end());
  }

  Result<Passphrase> read_secret(int descriptor, size_t size_max) override {
    std::vector<unsigned char> bytes(size_max + 1);
    size_t size = 0;
    while (size < bytes.size()) {
      const ssize_t got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        Passphrase::take(std::move(bytes));
        return Error(Code::Failed, std::string("cannot read the given descriptor: ") + std::strerror(errno));
      }
      if (got == 0) break;
      size += static_cast<size_t>(got);
    }
    if (size > size_max) {
      Passphrase::take(std::move(bytes));
      return Error(Code::Invalid, "what came is too long to be a key");
    }
    bytes.resize(size);
    return Passphrase::take(std::move(bytes));
  }

  Result<size_t> read(BytesSpan out) override {
    for (;;) {
      const ssize_t got = ::read(STDIN_FILENO, out.data(), out.size());
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR)
        return Error(Code::Failed, std::string("cannot read standard input: ") + std::strerror(errno));
    }
  }

 private:
  static Status write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
      const ssize_t wrote = ::write(descriptor, text.data(), text.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0)
        return Error(Code::Failed, std::string("cannot write to standard output: ") + std::strerror(errno));
      text.remove_prefix(static_cast<size_t>(wrote));
    }
    return {};
  }

  static Status read_line(std::vector<unsigned char>& line, std::stop_token stop) {
    for (;;) {
      pollfd ready{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
      const int events = poll(&ready, 1, poll_ms);
      if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
      if (events <= 0) continue;
      unsigned char next = 0;
      const ssize_t got = ::read(STDIN_FILENO, &next, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0 && line.empty()) return Error(Code::Cancelled, "no answer was given");
      if (got <= 0 || next == '\n') return {};
      if (line.size() == answer_bytes_max) return Error(Code::Invalid, "the answer is too long");
      line.push_back(next);
    }
  }

  std::string buffer_;
};

}  // namespace

std::unique_ptr<Terminal> make_real_terminal() {
  return std::make_unique<RealTerminal>();
}

}  // namespace hf
