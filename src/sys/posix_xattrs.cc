#include "sys/posix_xattrs.h"

#include <sys/xattr.h>

#include <algorithm>

#include "sys/posix_calls.h"

namespace hf {
namespace {

// The kernel allows 64 KiB for a list and for a value: the first attempt is what almost always suffices.
constexpr size_t first_bytes = 512;
constexpr size_t bytes_max = 64 << 10;

// `call(buffer, size)` as listxattr(2) and getxattr(2): grows the buffer while it is too small.
template <typename Call>
ssize_t fetch(std::string& buffer, Call&& call) {
  buffer.resize(first_bytes);
  ssize_t size = retry_interrupted([&] { return call(buffer.data(), buffer.size()); });
  if (size < 0 && errno == ERANGE) {
    buffer.resize(bytes_max);
    size = retry_interrupted([&] { return call(buffer.data(), buffer.size()); });
  }
  return size;
}

template <typename List, typename Value>
Result<std::vector<Xattr>> all_xattrs(std::string_view path, List&& list, Value&& value_of) {
  std::string names, value;
  const ssize_t names_size = fetch(names, list);
  if (names_size < 0 && errno == EOPNOTSUPP) return std::vector<Xattr>{};
  if (names_size < 0) return system_error(errno, "list extended attributes of", path);
  std::vector<Xattr> found;
  for (size_t begin = 0; begin < static_cast<size_t>(names_size);) {
    const std::string name(names.c_str() + begin);
    begin += name.size() + 1;
    const ssize_t size = fetch(value, [&](char* out, size_t room) { return value_of(name.c_str(), out, room); });
    if (size < 0 && errno == ENODATA) continue;  // removed since it was listed
    if (size < 0) return system_error(errno, "read an extended attribute of", path);
    found.push_back({name, to_bytes(std::string_view(value).substr(0, static_cast<size_t>(size)))});
  }
  std::sort(found.begin(), found.end(), [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
  return found;
}

}  // namespace

Result<std::vector<Xattr>> xattrs_of_fd(int fd, std::string_view path) {
  return all_xattrs(
      path, [&](char* out, size_t room) { return flistxattr(fd, out, room); },
      [&](const char* name, char* out, size_t room) { return fgetxattr(fd, name, out, room); });
}

Result<std::vector<Xattr>> xattrs_of_link(const std::string& proc_path, std::string_view path) {
  return all_xattrs(
      path, [&](char* out, size_t room) { return llistxattr(proc_path.c_str(), out, room); },
      [&](const char* name, char* out, size_t room) { return lgetxattr(proc_path.c_str(), name, out, room); });
}

}  // namespace hf
