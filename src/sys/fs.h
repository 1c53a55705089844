// Fs: files and directories, as this program uses them; nothing else in src/ makes a file system call.
//
// Everything is reached through a Directory handle and a relative path, which is resolved beneath that
// directory without following any symbolic link (openat2: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
// RESOLVE_NO_MAGICLINKS). So a restore cannot be led outside its destination by a link that somebody put
// there, whenever they did. Only Fs::open_directory, which takes the operator's own path, follows links.
//
// Errors: NotFound (ENOENT, ENOTDIR), Exists (EEXIST, ENOTEMPTY), Denied (EACCES, EPERM, EROFS, ELOOP, EXDEV),
// Unavailable (EMFILE, ENFILE, EINTR that persists), Failed (EIO, ENOSPC, EDQUOT and all else). The message names the
// path; it says "no space left" for ENOSPC and EDQUOT. A failed sync means the file is lost: never retry it.
// All functions may be called from several threads; a File's or Directory's destructor closes it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace hf {

enum class FileType : uint8_t { Unknown, File, Directory, Symlink, Fifo, Socket, Character, Block };

struct FileInfo {
  FileType type = FileType::Unknown;
  uint32_t mode = 0;  // permission bits, 07777
  uint32_t uid = 0, gid = 0;
  uint64_t size = 0;
  uint64_t blocks = 0;  // of 512 bytes: fewer than size means holes or compression
  WallTime mtime{}, ctime{};
  uint64_t inode = 0, device = 0;
  uint32_t links = 1;
  uint32_t rdev_major = 0, rdev_minor = 0;
};

struct Xattr {
  std::string name;
  Bytes value;
  friend bool operator==(const Xattr&, const Xattr&) = default;
};

struct DirectoryEntry {
  std::string name;
  FileType type = FileType::Unknown;  // Unknown where the file system does not say
};

struct DataRange {
  uint64_t begin = 0, end = 0;
};

class File {
 public:
  virtual ~File() = default;
  // Fills `out` unless the file ends first; returns how much was read.
  virtual Result<size_t> read_at(uint64_t offset, BytesSpan out) = 0;
  virtual Status write_at(uint64_t offset, BytesView bytes) = 0;
  virtual Status truncate(uint64_t size) = 0;
  virtual Status allocate(uint64_t offset, uint64_t length) = 0;  // reserved zeros (fallocate); Unsupported where not
  virtual Result<FileInfo> info() = 0;
  // The first range of data at or after `offset` (SEEK_DATA, SEEK_HOLE); begin == end == file size when only holes
  // follow.
  virtual Result<DataRange> next_data(uint64_t offset) = 0;
  // Data and length are on stable storage when it returns.
  virtual Status sync() = 0;
  // Asks the system to begin writing out what was written, without waiting; a hint, never fails.
  virtual void start_writeback() = 0;
  virtual Result<std::vector<Xattr>> xattrs() = 0;  // sorted by name
};

class Directory {
 public:
  virtual ~Directory() = default;
  virtual Result<std::unique_ptr<File>> open_file(std::string_view path) = 0;  // to read; O_NOATIME where allowed
  virtual Result<std::unique_ptr<File>> open_file_for_update(std::string_view path) = 0;  // existing, read and write
  virtual Result<std::unique_ptr<File>> create_file(std::string_view path,
                                                    uint32_t mode) = 0;  // new (O_EXCL), read and write
  virtual Result<std::unique_ptr<Directory>> open_directory(std::string_view path) = 0;
  virtual Status create_directory(std::string_view path, uint32_t mode) = 0;  // Exists if it is there

  virtual Result<std::vector<DirectoryEntry>>
  entries() = 0;  // of this directory, without . and .., sorted bytewise by name
  virtual Result<FileInfo> info(std::string_view path) = 0;  // of the link itself; "" is this directory
  virtual Result<std::string> read_link(std::string_view path) = 0;
  virtual Result<std::vector<Xattr>> xattrs(
      std::string_view path) = 0;  // of the link itself; sorted by name; "" is this directory

  virtual Status rename(std::string_view from, std::string_view to) = 0;             // replaces `to`
  virtual Status rename_no_replace(std::string_view from, std::string_view to) = 0;  // Exists if `to` is there
  virtual Status remove(std::string_view path) = 0;                                  // anything but a directory
  virtual Status remove_directory(std::string_view path) = 0;                        // empty
  virtual Status create_symlink(std::string_view target, std::string_view path) = 0;
  virtual Status create_link(std::string_view existing, std::string_view path) = 0;  // hard link
  virtual Status create_node(std::string_view path, FileType type, uint32_t mode, uint32_t major, uint32_t minor) = 0;

  // Metadata of the link itself, never of what it points to. set_mode on a symlink succeeds without effect.
  virtual Status set_owner(std::string_view path, uint32_t uid, uint32_t gid) = 0;
  virtual Status set_mode(std::string_view path, uint32_t mode) = 0;
  virtual Status set_mtime(std::string_view path, WallTime mtime) = 0;
  virtual Status set_xattr(std::string_view path, const Xattr& xattr) = 0;
  virtual Status remove_xattr(std::string_view path, std::string_view name) = 0;

  // Names made, renamed or removed in this directory are on stable storage when it returns.
  virtual Status sync() = 0;
  // Everything written to this file system so far is (syncfs).
  virtual Status sync_all() = 0;
  virtual Result<uint64_t> space_free() = 0;  // bytes, for an ordinary user
};

class Fs {
 public:
  virtual ~Fs() = default;
  // The operator's own path, absolute or relative to the working directory; links in it are followed.
  virtual Result<std::unique_ptr<Directory>> open_directory(const std::string& path) = 0;
  // Makes `path` and its missing parents.
  virtual Result<std::unique_ptr<Directory>> create_directories(const std::string& path, uint32_t mode) = 0;
  virtual Result<std::string> absolute(
      const std::string& path) = 0;                 // against the working directory, `.` and `..` folded, links kept
  virtual std::string user_name(uint32_t uid) = 0;  // "" where unknown; cached
  virtual std::string group_name(uint32_t gid) = 0;
  virtual std::optional<uint32_t> user_id(const std::string& name) = 0;
  virtual std::optional<uint32_t> group_id(const std::string& name) = 0;
};

// Whole small files by the operator's path (links followed), as for keys and configuration. Corrupt if larger than
// `size_max`.
Result<Bytes> read_whole_file(Fs& fs, const std::string& path, uint64_t size_max);
// Through a temporary file, fsync and rename: afterwards there is the old file or the new one, whole and durable.
Status replace_whole_file(Fs& fs, const std::string& path, BytesView bytes, uint32_t mode);

}  // namespace hf
