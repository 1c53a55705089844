// What a restore would do, for --dry-run and for the question that a destructive one asks.
#include <unordered_set>

#include "backup/restore.h"
#include "backup/restore_files.h"
#include "repo/tree.h"

namespace hf {
namespace {

Status count_extra(Directory& directory, const std::string& path, const std::unordered_set<std::string>& known,
                   uint64_t& extra) {
  for (const DirectoryEntry& child : HF_TRY(directory.entries())) {
    const std::string below = path.empty() ? child.name : path + "/" + child.name;
    if (!known.contains(below)) {
      ++extra;
      continue;
    }
    if (HF_TRY(directory.info(child.name)).type != FileType::Directory) continue;
    const std::unique_ptr<Directory> inner = HF_TRY(directory.open_directory(child.name));
    HF_TRY(count_extra(*inner, below, known, extra));
  }
  return {};
}

Status preview_source(ChunkReader& chunks, const SourceRecord& source, const RestoreRequest& request, Directory* root,
                      RestorePreview& preview) {
  TreeReader reader(source.tree, chunks.meta_get());
  std::unordered_set<std::string> known;
  for (;;) {
    const TreeEntry* entry = HF_TRY(reader.next());
    if (entry == nullptr) break;
    if (request.mode == RestoreMode::Clean) known.insert(entry->meta.path);
    if (entry->meta.info.type != FileType::File || !is_restore_wanted(request, entry->meta.path)) continue;
    const Result<FileInfo> there = root == nullptr ? Error(Code::NotFound, "") : root->info(entry->meta.path);
    if (there.ok() && !request.compare_content && is_same_file(there.value(), entry->meta)) {
      ++preview.files_same;
      continue;
    }
    ++(there.ok() ? preview.files_changed : preview.files_new);
    preview.bytes_to_write += entry->meta.info.size;
  }
  if (request.mode == RestoreMode::Clean && root != nullptr) return count_extra(*root, "", known, preview.removed);
  return {};
}

// Where the destination is still to be made, of the directory above it that is there.
Result<uint64_t> space_free_at(Fs& fs, std::string path) {
  for (;;) {
    Result<std::unique_ptr<Directory>> directory = fs.open_directory(path);
    if (directory.ok()) return directory.value()->space_free();
    const size_t slash = path.rfind('/');
    if (directory.error().code() != Code::NotFound || slash == std::string::npos || path == "/")
      return std::move(directory).error();
    path = slash == 0 ? "/" : path.substr(0, slash);
  }
}

}  // namespace

Result<RestorePreview> preview_restore(Repository& repository, const Point& point, const RestoreRequest& request) {
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  RestorePreview preview;
  Fs& fs = repository.world().fs;
  Result<std::unique_ptr<Directory>> top = fs.open_directory(request.destination);
  if (!top.ok() && top.error().code() != Code::NotFound) return std::move(top).error();
  const std::string path = HF_TRY(fs.absolute(request.destination));
  preview.space_free = HF_TRY(space_free_at(fs, path));
  for (const SourceRecord* source : HF_TRY(restore_sources(point, request))) {
    std::unique_ptr<Directory> root;
    if (top.ok())
      if (Result<std::unique_ptr<Directory>> there = top.value()->open_directory(source->name); there.ok())
        root = std::move(there).value();
    HF_TRY(preview_source(chunks, *source, request, root.get(), preview));
  }
  return preview;
}

}  // namespace hf
