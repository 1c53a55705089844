#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/posix_directory.h"
#include "sys/posix_xattrs.h"

namespace hf {
namespace {

// 0 for a type that mknod does not make.
mode_t mode_of(FileType type) {
  switch (type) {
    case FileType::Fifo:
      return S_IFIFO;
    case FileType::Socket:
      return S_IFSOCK;
    case FileType::Character:
      return S_IFCHR;
    case FileType::Block:
      return S_IFBLK;
    default:
      return 0;
  }
}

}  // namespace

Status PosixDirectory::create_node(std::string_view path, FileType type, uint32_t mode, uint32_t major,
                                   uint32_t minor) {
  if (mode_of(type) == 0) return Error(Code::Invalid, "a node is a fifo, a socket or a device");
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  const mode_t full_mode = mode_of(type) | (mode & 07777);
  if (mknodat(place.directory(), place.name(), full_mode, gnu_dev_makedev(major, minor)) < 0)
    return system_error(errno, "create node", path);
  return {};
}

Result<std::vector<Xattr>> PosixDirectory::xattrs(std::string_view path) {
  if (path.empty()) return xattrs_of_fd(fd_.get(), path_);
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  return xattrs_of_link(place.proc_path(), path);
}

Status PosixDirectory::set_owner(std::string_view path, uint32_t uid, uint32_t gid) {
  int result = 0;
  if (path.empty()) {
    result = fchown(fd_.get(), uid, gid);
  } else {
    const Place place = HF_TRY(Place::find(fd_.get(), path));
    result = fchownat(place.directory(), place.name(), uid, gid, AT_SYMLINK_NOFOLLOW);
  }
  if (result < 0) return system_error(errno, "set the owner of", shown(path));
  return {};
}

Status PosixDirectory::set_mode(std::string_view path, uint32_t mode) {
  int result = 0;
  if (path.empty()) {
    result = fchmod(fd_.get(), mode & 07777);
  } else {
    const Fd object = HF_TRY(open_beneath(fd_.get(), path, O_PATH));
    result = chmod(object.proc_path().c_str(), mode & 07777);
    // A symbolic link has no mode of its own on Linux.
    if (result < 0 && errno == EOPNOTSUPP) return {};
  }
  if (result < 0) return system_error(errno, "set the mode of", shown(path));
  return {};
}

Status PosixDirectory::set_mtime(std::string_view path, WallTime mtime) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(mtime);
  timespec times[2] = {};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = seconds.time_since_epoch().count();
  times[1].tv_nsec = (mtime - seconds).count();
  int result = 0;
  if (path.empty()) {
    result = futimens(fd_.get(), times);
  } else {
    const Place place = HF_TRY(Place::find(fd_.get(), path));
    result = utimensat(place.directory(), place.name(), times, AT_SYMLINK_NOFOLLOW);
  }
  if (result < 0) return system_error(errno, "set the time of", shown(path));
  return {};
}

Status PosixDirectory::set_xattr(std::string_view path, const Xattr& xattr) {
  int result = 0;
  const void* value = xattr.value.data();
  if (path.empty()) {
    result = fsetxattr(fd_.get(), xattr.name.c_str(), value, xattr.value.size(), 0);
  } else {
    const Place place = HF_TRY(Place::find(fd_.get(), path));
    result = lsetxattr(place.proc_path().c_str(), xattr.name.c_str(), value, xattr.value.size(), 0);
  }
  if (result < 0) return system_error(errno, "set an extended attribute of", shown(path));
  return {};
}

Status PosixDirectory::remove_xattr(std::string_view path, std::string_view name) {
  int result = 0;
  const std::string text(name);
  if (path.empty()) {
    result = fremovexattr(fd_.get(), text.c_str());
  } else {
    const Place place = HF_TRY(Place::find(fd_.get(), path));
    result = lremovexattr(place.proc_path().c_str(), text.c_str());
  }
  if (result < 0 && errno == ENODATA) return Error(Code::NotFound, "no such extended attribute");
  if (result < 0) return system_error(errno, "remove an extended attribute of", shown(path));
  return {};
}

Status PosixDirectory::sync() {
  if (fsync(fd_.get()) == 0) return {};
  // Some network file systems cannot sync a directory alone.
  if (errno == EINVAL) return sync_all();
  return system_error(errno, "sync directory", path_);
}

Status PosixDirectory::sync_all() {
  if (syncfs(fd_.get()) < 0) return system_error(errno, "sync the file system of", path_);
  return {};
}

Result<uint64_t> PosixDirectory::space_free() {
  struct statvfs raw;
  if (retry_interrupted([&] { return fstatvfs(fd_.get(), &raw); }) < 0)
    return system_error(errno, "ask for free space in", path_);
  return uint64_t{raw.f_bavail} * raw.f_frsize;
}

}  // namespace hf
