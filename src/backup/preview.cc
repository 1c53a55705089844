// What a restore would do, for --dry-run and for the question that a destructive one asks.
#include "backup/extra_entries.h"
#include "backup/restore.h"
#include "backup/restore_files.h"
#include "repo/tree.h"

namespace hf {
namespace {

// What a restore would do cannot be told of a tree that is lost in part; so what overwrites or removes is not begun.
Result<const TreeEntry*> known_part(Result<const TreeEntry*> next, const SourceRecord& source) {
  if (next.ok() || next.error().code() != Code::Corrupt) return next;
  return std::move(next)
      .error()
      .during("a part of the tree of source " + source.name + " is lost")
      .with_hint("restore into a new directory: what is left of the point comes back there");
}

Status preview_source(ChunkReader& chunks, const SourceRecord& source, const RestoreRequest& request, Directory* root,
                      RestorePreview& preview, const std::stop_token& stop) {
  TreeReader reader(source.tree, chunks.meta_get());
  for (;;) {
    const TreeEntry* entry = HF_TRY(known_part(reader.next(), source));
    if (entry == nullptr) break;
    if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    if (entry->meta.info.type != FileType::File || !is_restore_wanted(request, entry->meta.path)) continue;
    const Result<FileInfo> there = root == nullptr ? Error(Code::NotFound, "") : root->info(entry->meta.path);
    if (there.ok() && !request.compare_content && is_same_file(there.value(), entry->meta)) {
      ++preview.files_same;
      continue;
    }
    ++(there.ok() ? preview.files_changed : preview.files_new);
    preview.bytes_to_write += entry->meta.info.size;
  }
  if (request.mode != RestoreMode::Clean || root == nullptr) return {};
  const auto count = [&](const ExtraEntry& extra) -> Status {
    if (is_restore_wanted(request, extra.path)) ++preview.removed;
    return {};
  };
  return each_extra(chunks, source.tree, *root, count, stop);
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

Result<RestorePreview> preview_restore(Repository& repository, const Point& point, const RestoreRequest& request,
                                       std::stop_token stop) {
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
    HF_TRY(preview_source(chunks, *source, request, root.get(), preview, stop));
  }
  return preview;
}

}  // namespace hf
