#include "sys/posix_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/entry.h"

namespace hf {
namespace {

Code code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Code::NotFound;
    case EEXIST:
    case ENOTEMPTY:
      return Code::Exists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case EXDEV:
      return Code::Denied;
    case EMFILE:
    case ENFILE:
    case EINTR:
    case EAGAIN:
      return Code::Unavailable;
    case EOPNOTSUPP:
    case ENOSYS:
      return Code::Unsupported;
    default:
      return Code::Failed;
  }
}

std::string reason_of(int number) {
  if (number == ENOSPC || number == EDQUOT) return "no space left";
  if (number == ELOOP) return "a symbolic link is in the way";
  char buffer[128];
  return strerror_r(number, buffer, sizeof buffer);
}

FileType type_of(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileType::File;
    case S_IFDIR:
      return FileType::Directory;
    case S_IFLNK:
      return FileType::Symlink;
    case S_IFIFO:
      return FileType::Fifo;
    case S_IFSOCK:
      return FileType::Socket;
    case S_IFCHR:
      return FileType::Character;
    case S_IFBLK:
      return FileType::Block;
    default:
      return FileType::Unknown;
  }
}

WallTime to_wall(const statx_timestamp& time) {
  return WallTime(std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec));
}

// glibc 2.36 has no wrapper.
int open_resolved(int directory, const char* path, int flags, uint32_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  // EAGAIN: something was renamed meanwhile, so the kernel could not tell whether the path stays beneath.
  for (int attempts = 0; attempts < 100; ++attempts) {
    fd = static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return fd;
}

}  // namespace

void Fd::close() {
  // Linux has released the descriptor even when close() reports an interruption or a write error.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string Fd::proc_path(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

Error system_error(int number, std::string_view doing, std::string_view path) {
  std::string what(doing);
  if (!path.empty()) what += " " + printable(path);
  return Error(code_of(number), what + ": " + reason_of(number));
}

Status PathText::assign(std::string_view path) {
  if (path.size() > bytes_max) return system_error(ENAMETOOLONG, "resolve", path.substr(0, 80));
  if (path.empty()) return Error(Code::Invalid, "an empty path");
  size_t begin = 0;
  for (size_t i = 0; i <= path.size(); ++i) {
    if (i < path.size() && path[i] == '\0') return Error(Code::Invalid, "a zero byte in path " + printable(path));
    if (i < path.size() && path[i] != '/') continue;
    const std::string_view component = path.substr(begin, i - begin);
    if (component.empty() || component == "." || component == "..")
      return Error(Code::Denied, "path " + printable(path) + " is not a plain path beneath its directory");
    has_slash_ = has_slash_ || i < path.size();
    begin = i + 1;
  }
  memcpy(text_, path.data(), path.size());
  text_[path.size()] = '\0';
  size_ = path.size();
  return {};
}

Result<Fd> open_beneath(int directory, std::string_view path, int flags, uint32_t mode) {
  PathText text;
  HF_TRY(text.assign(path));
  flags |= O_CLOEXEC;
  // Of a link, O_DIRECTORY with O_NOFOLLOW says only that it is no directory; openat2 alone says what is wrong.
  const bool is_directory = (flags & O_DIRECTORY) != 0;
  if (!is_directory) flags |= O_NOFOLLOW;
  // One component cannot lead elsewhere when the last is not followed: openat is the cheaper call.
  const int fd = text.has_slash() || is_directory
                     ? open_resolved(directory, text.text(), flags, mode)
                     : retry_interrupted([&] { return openat(directory, text.text(), flags, mode); });
  if (fd < 0) return system_error(errno, flags & O_CREAT ? "create" : "open", path);
  return Fd(fd);
}

Result<Fd> open_to_read(int directory, std::string_view path, int flags) {
  Result<Fd> fd = open_beneath(directory, path, flags | O_RDONLY | O_NOATIME);
  // O_NOATIME is for the owner and for root. Denied has other reasons too, but then the second call says so again.
  if (!fd.ok() && fd.error().code() == Code::Denied) return open_beneath(directory, path, flags | O_RDONLY);
  return fd;
}

Result<Place> Place::find(int directory, std::string_view path) {
  PathText text;
  HF_TRY(text.assign(path));
  Place place;
  place.directory_ = directory;
  if (text.has_slash()) {
    const size_t slash = path.rfind('/');
    place.holder_ = HF_TRY(open_beneath(directory, path.substr(0, slash), O_PATH | O_DIRECTORY));
    path.remove_prefix(slash + 1);
  }
  place.name_ = path;
  return place;
}

FileInfo to_info(const struct statx& raw) {
  FileInfo info;
  info.type = type_of(raw.stx_mode);
  info.mode = raw.stx_mode & 07777;
  info.uid = raw.stx_uid;
  info.gid = raw.stx_gid;
  info.size = raw.stx_size;
  info.blocks = raw.stx_blocks;
  info.mtime = to_wall(raw.stx_mtime);
  info.ctime = to_wall(raw.stx_ctime);
  info.inode = raw.stx_ino;
  info.device = makedev(raw.stx_dev_major, raw.stx_dev_minor);
  info.links = raw.stx_nlink;
  info.rdev_major = raw.stx_rdev_major;
  info.rdev_minor = raw.stx_rdev_minor;
  return info;
}

Result<FileInfo> info_at(int fd, const char* name, std::string_view path) {
  struct statx raw;
  const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name == '\0' ? AT_EMPTY_PATH : 0);
  if (retry_interrupted([&] { return statx(fd, name, flags, STATX_BASIC_STATS, &raw); }) < 0)
    return system_error(errno, "look at", path);
  return to_info(raw);
}

}  // namespace hf
