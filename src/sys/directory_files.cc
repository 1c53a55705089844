#include "sys/directory_files.h"

namespace hf {
namespace {

class OpenFile final : public NamedFile {
 public:
  explicit OpenFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Result<size_t> read_at(uint64_t offset, BytesSpan out) override { return file_->read_at(offset, out); }

 private:
  const std::unique_ptr<File> file_;
};

}  // namespace

Result<uint64_t> DirectoryFiles::size(const std::string& name) {
  return HF_TRY(directory_.info(name)).size;
}

Result<std::unique_ptr<NamedFile>> DirectoryFiles::open(const std::string& name) {
  return std::make_unique<OpenFile>(HF_TRY(directory_.open_file(name)));
}

}  // namespace hf
