#include "backup/tree_files.h"

#include "backup/record_cache.h"

namespace hf {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
  return directory.empty() || path == directory || (path.starts_with(directory) && path[directory.size()] == '/');
}

Status give_zeros(uint64_t length, const std::function<Status(BytesView)>& give) {
  constexpr size_t step = 1 << 20;
  const Bytes zeros(std::min<uint64_t>(length, step), std::byte{0});
  while (length > 0) {
    const size_t now = static_cast<size_t>(std::min<uint64_t>(length, step));
    HF_TRY(give(BytesView(zeros).first(now)));
    length -= now;
  }
  return {};
}

}  // namespace

Result<bool> walk_tree(ChunkReader& chunks, const Root& tree, const std::string& path,
                       const std::function<Status(const TreeEntry&)>& visit, std::stop_token stop) {
  TreeReader reader(tree, chunks.meta_get());
  if (!path.empty()) {
    Status sought = reader.seek(path);
    if (!sought.ok()) return as_damage(std::move(sought).error());
  }
  bool any = false;
  for (;;) {
    if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    Result<const TreeEntry*> next = reader.next();
    if (!next.ok()) return as_damage(std::move(next).error());
    const TreeEntry* entry = next.value();
    if (entry == nullptr) return any;
    // All below a path stand together, right behind it.
    if (!is_below(entry->meta.path, path)) return any;
    any = true;
    HF_TRY(visit(*entry));
  }
}

Status read_content(ChunkReader& chunks, const ContentRef& content, const std::function<Status(BytesView)>& give,
                    std::stop_token stop) {
  RecordCache records(chunks);
  Blake3 whole;
  ContentReader reader(content, chunks.meta_get());
  for (;;) {
    const ExtentRun run = HF_TRY(reader.next());
    if (run.empty()) break;
    for (const Extent& extent : run.extents) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
      if (extent.kind != ExtentKind::Data) {
        HF_TRY(give_zeros(extent.length, give));
        continue;
      }
      const BytesView chunk = HF_TRY(records.chunk(run.ids[extent.chunk]));
      if (extent.offset > chunk.size() || extent.length > chunk.size() - extent.offset)
        return Error(Code::Corrupt, "a file refers to more of a chunk than there is");
      const BytesView part = chunk.subspan(extent.offset, static_cast<size_t>(extent.length));
      if (content.digest) whole.update(part);
      HF_TRY(give(part));
    }
  }
  if (content.digest && whole.finish() != *content.digest)
    return Error(Code::Corrupt, "the bytes are not as a whole what was backed up")
        .with_hint("restore the file from another point, and report this: no damage of the store explains it");
  return {};
}

std::string shown_path(const std::string& source, const std::string& path) {
  return path.empty() ? source : source + "/" + path;
}

}  // namespace hf
