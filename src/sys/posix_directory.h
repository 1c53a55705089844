// Directory over a descriptor: names in posix_directory.cc, metadata in posix_metadata.cc.
#pragma once

#include <atomic>

#include "sys/posix_calls.h"

namespace hf {

class PosixDirectory final : public Directory {
 public:
  // `path` is for messages. `fd` is open for reading, at its beginning.
  PosixDirectory(Fd fd, std::string_view path) : fd_(std::move(fd)), path_(path) {}

  Result<std::unique_ptr<File>> open_file(std::string_view path) override;
  Result<std::unique_ptr<File>> open_file_for_update(std::string_view path) override;
  Result<std::unique_ptr<File>> create_file(std::string_view path, uint32_t mode) override;
  Result<std::unique_ptr<Directory>> open_directory(std::string_view path) override;
  Status create_directory(std::string_view path, uint32_t mode) override;

  Result<std::vector<DirectoryEntry>> entries() override;
  Result<FileInfo> info(std::string_view path) override;
  Result<std::string> read_link(std::string_view path) override;
  Result<std::vector<Xattr>> xattrs(std::string_view path) override;

  Status rename(std::string_view from, std::string_view to) override;
  Status rename_no_replace(std::string_view from, std::string_view to) override;
  Status remove(std::string_view path) override;
  Status remove_directory(std::string_view path) override;
  Status create_symlink(std::string_view target, std::string_view path) override;
  Status create_link(std::string_view existing, std::string_view path) override;
  Status create_node(std::string_view path, FileType type, uint32_t mode, uint32_t major, uint32_t minor) override;

  Status set_owner(std::string_view path, uint32_t uid, uint32_t gid) override;
  Status set_mode(std::string_view path, uint32_t mode) override;
  Status set_mtime(std::string_view path, WallTime mtime) override;
  Status set_xattr(std::string_view path, const Xattr& xattr) override;
  Status remove_xattr(std::string_view path, std::string_view name) override;

  Status sync() override;
  Status sync_all() override;
  Result<uint64_t> space_free() override;

 private:
  // For messages: `path`, or this directory's own where that is empty.
  std::string_view shown(std::string_view path) const { return path.empty() ? std::string_view(path_) : path; }

  const Fd fd_;
  const std::string path_;
  std::atomic<bool> is_read_{false};  // fd_ stands no longer at its beginning
};

}  // namespace hf
