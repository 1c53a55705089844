// NewFile: a file under construction, written in order.
#pragma once

#include <memory>

#include "sys/fs.h"

namespace hf {

class NewFile {
 public:
  // Exists if there is one of that name.
  static Result<NewFile> create(Directory& directory, const std::string& path, uint32_t mode);
  Status add(BytesView bytes);
  uint64_t size() const { return written_ + gathered_.size(); }
  // Writes over what was written first. Requires: as much was written.
  Status replace_beginning(BytesView bytes);
  // Of all that was added, read again.
  Result<std::string> sha256();
  // It is on stable storage when it returns.
  Status finish();

 private:
  explicit NewFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Status flush();

  std::unique_ptr<File> file_;
  Bytes gathered_;
  uint64_t written_ = 0;
};

}  // namespace hf
