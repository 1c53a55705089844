// DirectoryFiles: the files of a directory, by their paths in it.
#pragma once

#include "base/named_files.h"
#include "sys/fs.h"

namespace hf {

class DirectoryFiles final : public NamedFiles {
 public:
  explicit DirectoryFiles(Directory& directory) : directory_(directory) {}
  Result<uint64_t> size(const std::string& name) override;
  Result<std::unique_ptr<NamedFile>> open(const std::string& name) override;

 private:
  Directory& directory_;
};

}  // namespace hf
