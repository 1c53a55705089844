#include "backup/point_files.h"

#include "backup/content_file.h"
#include "backup/tree_files.h"
#include "sys/entry.h"

namespace hf {
namespace {

class OpenContent final : public NamedFile {
 public:
  explicit OpenContent(std::unique_ptr<ContentFile> file) : file_(std::move(file)), range_(file_->range()) {}
  Result<size_t> read_at(uint64_t offset, BytesSpan out) override { return range_.read_at(offset, out); }

 private:
  const std::unique_ptr<ContentFile> file_;
  const ByteRange range_;
};

}  // namespace

Result<std::unique_ptr<PointFiles>> PointFiles::find(Repository& repository, const SourceRecord& source,
                                                     const std::string& path, std::stop_token stop) {
  std::unique_ptr<PointFiles> files(new PointFiles(*HF_TRY(repository.chunks())));
  const auto keep = [&](const TreeEntry& entry) -> Status {
    if (entry.meta.info.type == FileType::File)
      files->files_.emplace(entry.meta.path, Found{entry.content, entry.meta.info.size});
    return {};
  };
  HF_TRY(walk_tree(files->chunks_, source.tree, path, keep, std::move(stop)));
  return files;
}

Result<const PointFiles::Found*> PointFiles::look_up(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) return Error(Code::NotFound, "the point has no file " + printable(name));
  return &found->second;
}

Result<uint64_t> PointFiles::size(const std::string& name) {
  return HF_TRY(look_up(name))->size;
}

Result<std::unique_ptr<NamedFile>> PointFiles::open(const std::string& name) {
  const Found* const found = HF_TRY(look_up(name));
  return std::make_unique<OpenContent>(HF_TRY(ContentFile::open(chunks_, found->content, found->size)));
}

}  // namespace hf
