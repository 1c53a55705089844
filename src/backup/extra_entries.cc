#include "backup/extra_entries.h"

namespace hf {
namespace {

class Walk {
 public:
  Walk(TreeReader reader, const std::function<Status(const ExtraEntry&)>& visit, const std::stop_token& stop)
      : reader_(std::move(reader)), visit_(visit), stop_(stop) {}

  Status run(Directory& directory, const std::string& path) {
    for (const DirectoryEntry& child : HF_TRY(directory.entries())) {
      if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
      const std::string below = path.empty() ? child.name : path + "/" + child.name;
      const bool is_directory = HF_TRY(directory.info(child.name)).type == FileType::Directory;
      if (!HF_TRY(is_known(below))) {
        HF_TRY(visit_({.parent = directory, .name = child.name, .path = below, .is_directory = is_directory}));
      } else if (is_directory) {
        const std::unique_ptr<Directory> inner = HF_TRY(directory.open_directory(child.name));
        HF_TRY(run(*inner, below));
      }
    }
    return {};
  }

 private:
  // Asked in the order of the tree.
  Result<bool> is_known(const std::string& path) {
    while (!ended_ && (at_ == nullptr || compare_paths(at_->meta.path, path) < 0)) {
      at_ = HF_TRY(reader_.next());
      ended_ = at_ == nullptr;
    }
    return !ended_ && at_->meta.path == path;
  }

  TreeReader reader_;
  const std::function<Status(const ExtraEntry&)>& visit_;
  const std::stop_token& stop_;
  const TreeEntry* at_ = nullptr;
  bool ended_ = false;
};

}  // namespace

Status each_extra(ChunkReader& chunks, const Root& tree, Directory& root,
                  const std::function<Status(const ExtraEntry&)>& visit, const std::stop_token& stop) {
  return Walk(TreeReader(tree, chunks.meta_get()), visit, stop).run(root, "");
}

}  // namespace hf
