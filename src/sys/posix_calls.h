// What the posix implementations share: an owned descriptor, errno as an Error, and paths resolved beneath a directory.
#pragma once

#include <errno.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "sys/fs.h"

struct statx;

namespace hf {

// Closes its descriptor when it dies.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();
  // /proc/self/fd/N: how the calls that know only paths are led to an open object.
  std::string proc_path() const { return proc_path(fd_); }
  static std::string proc_path(int fd);

 private:
  int fd_ = -1;
};

// Calls again while a signal interrupts; an interruption that persists is reported as EINTR.
template <typename Call>
auto retry_interrupted(Call&& call) {
  auto result = call();
  for (int attempts = 0; result < 0 && errno == EINTR && attempts < 100; ++attempts) result = call();
  return result;
}

// As fs.h maps errno to a Code; "<doing> <path>: <reason>".
Error system_error(int number, std::string_view doing, std::string_view path);

// A path as the system wants it, without an allocation: this is passed tens of thousands of times a second.
class PathText {
 public:
  // Denied for a path that is absolute or has a `.`, `..` or empty component; Invalid for a zero byte or an empty path.
  Status assign(std::string_view path);
  const char* text() const { return text_; }
  size_t size() const { return size_; }
  bool has_slash() const { return has_slash_; }

 private:
  static constexpr size_t bytes_max = 4095;
  char text_[bytes_max + 1];
  size_t size_ = 0;
  bool has_slash_ = false;
};

// Opens beneath `directory`, following no link at all, not even the last component; O_CLOEXEC is added.
Result<Fd> open_beneath(int directory, std::string_view path, int flags, uint32_t mode = 0);
// The same to read, without touching the time of last access where the system lets us.
Result<Fd> open_to_read(int directory, std::string_view path, int flags);

// The directory that holds the last component of a path, for the *at() calls that must not follow it.
class Place {
 public:
  static Result<Place> find(int directory, std::string_view path);
  int directory() const { return holder_.is_open() ? holder_.get() : directory_; }
  const char* name() const { return name_.c_str(); }
  // For the calls without an *at() form. They must be of the kind that does not follow the last component.
  std::string proc_path() const { return Fd::proc_path(directory()) + "/" + name_; }

 private:
  Fd holder_;  // open only if the path has more than one component
  int directory_ = -1;
  std::string name_;
};

FileInfo to_info(const struct statx& raw);
// "" is `fd` itself, else a link is not followed.
Result<FileInfo> info_at(int fd, const char* name, std::string_view path);

}  // namespace hf
