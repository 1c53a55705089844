#include "sys/posix_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "sys/posix_file.h"

namespace hf {
namespace {

FileType type_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FileType::File;
    case DT_DIR:
      return FileType::Directory;
    case DT_LNK:
      return FileType::Symlink;
    case DT_FIFO:
      return FileType::Fifo;
    case DT_SOCK:
      return FileType::Socket;
    case DT_CHR:
      return FileType::Character;
    case DT_BLK:
      return FileType::Block;
    default:
      return FileType::Unknown;
  }
}

// getdents64 itself: fdopendir would add two calls and an allocation for every directory of a walk.
Result<std::vector<DirectoryEntry>> read_entries(int fd, std::string_view path) {
  std::vector<DirectoryEntry> found;
  alignas(dirent64) char buffer[32 << 10];
  for (;;) {
    const ssize_t size = retry_interrupted([&] { return getdents64(fd, buffer, sizeof buffer); });
    if (size < 0) return system_error(errno, "list", path);
    if (size == 0) return found;
    for (ssize_t at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") found.push_back({std::string(name), type_of_entry(entry->d_type)});
    }
  }
}

// For file systems without RENAME_NOREPLACE, such as NFS: link() never replaces either.
Status link_then_remove(const Place& from, const Place& to, std::string_view path) {
  if (linkat(from.directory(), from.name(), to.directory(), to.name(), 0) < 0)
    return system_error(errno, "rename to", path);
  if (unlinkat(from.directory(), from.name(), 0) < 0) return system_error(errno, "remove the old name of", path);
  return {};
}

}  // namespace

Result<std::unique_ptr<File>> PosixDirectory::open_file(std::string_view path) {
  // O_NONBLOCK: a fifo that took the file's place since it was listed must not hold us.
  return make_posix_file(HF_TRY(open_to_read(fd_.get(), path, O_NONBLOCK | O_NOCTTY)), path);
}

Result<std::unique_ptr<File>> PosixDirectory::open_file_for_update(std::string_view path) {
  return make_posix_file(HF_TRY(open_beneath(fd_.get(), path, O_RDWR | O_NONBLOCK | O_NOCTTY)), path);
}

Result<std::unique_ptr<File>> PosixDirectory::create_file(std::string_view path, uint32_t mode) {
  return make_posix_file(HF_TRY(open_beneath(fd_.get(), path, O_RDWR | O_CREAT | O_EXCL, mode & 07777)), path);
}

Result<std::unique_ptr<Directory>> PosixDirectory::open_directory(std::string_view path) {
  if (path.empty()) {
    const int again = openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return system_error(errno, "open", path_);
    return std::make_unique<PosixDirectory>(Fd(again), path_);
  }
  return std::make_unique<PosixDirectory>(HF_TRY(open_to_read(fd_.get(), path, O_DIRECTORY)), path);
}

Status PosixDirectory::create_directory(std::string_view path, uint32_t mode) {
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  if (mkdirat(place.directory(), place.name(), mode) < 0) return system_error(errno, "create directory", path);
  return {};
}

Result<std::vector<DirectoryEntry>> PosixDirectory::entries() {
  // A descriptor has one position, so only the first listing may use ours; a walk needs no other.
  Fd fresh;
  if (is_read_.exchange(true)) {
    fresh = Fd(openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fresh.is_open()) return system_error(errno, "list", path_);
  }
  std::vector<DirectoryEntry> found = HF_TRY(read_entries(fresh.is_open() ? fresh.get() : fd_.get(), path_));
  std::sort(found.begin(), found.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return found;
}

Result<FileInfo> PosixDirectory::info(std::string_view path) {
  if (path.empty()) return info_at(fd_.get(), "", path_);
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  return info_at(place.directory(), place.name(), path);
}

Result<std::string> PosixDirectory::read_link(std::string_view path) {
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  char target[PATH_MAX];
  const ssize_t size = readlinkat(place.directory(), place.name(), target, sizeof target);
  if (size < 0) return system_error(errno, "read link", path);
  return std::string(target, static_cast<size_t>(size));
}

Status PosixDirectory::rename(std::string_view from, std::string_view to) {
  const Place source = HF_TRY(Place::find(fd_.get(), from));
  const Place target = HF_TRY(Place::find(fd_.get(), to));
  if (renameat(source.directory(), source.name(), target.directory(), target.name()) < 0)
    return system_error(errno, "rename to", to);
  return {};
}

Status PosixDirectory::rename_no_replace(std::string_view from, std::string_view to) {
  const Place source = HF_TRY(Place::find(fd_.get(), from));
  const Place target = HF_TRY(Place::find(fd_.get(), to));
  if (renameat2(source.directory(), source.name(), target.directory(), target.name(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS) return link_then_remove(source, target, to);
  return system_error(errno, "rename to", to);
}

Status PosixDirectory::remove(std::string_view path) {
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  if (unlinkat(place.directory(), place.name(), 0) < 0) return system_error(errno, "remove", path);
  return {};
}

Status PosixDirectory::remove_directory(std::string_view path) {
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  if (unlinkat(place.directory(), place.name(), AT_REMOVEDIR) < 0) return system_error(errno, "remove directory", path);
  return {};
}

Status PosixDirectory::create_symlink(std::string_view target, std::string_view path) {
  const Place place = HF_TRY(Place::find(fd_.get(), path));
  if (target.find('\0') != target.npos) return Error(Code::Invalid, "a zero byte in the target of a link");
  if (symlinkat(std::string(target).c_str(), place.directory(), place.name()) < 0)
    return system_error(errno, "create link", path);
  return {};
}

Status PosixDirectory::create_link(std::string_view existing, std::string_view path) {
  const Place source = HF_TRY(Place::find(fd_.get(), existing));
  const Place target = HF_TRY(Place::find(fd_.get(), path));
  if (linkat(source.directory(), source.name(), target.directory(), target.name(), 0) < 0)
    return system_error(errno, "create hard link", path);
  return {};
}

}  // namespace hf
