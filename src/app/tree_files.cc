#include "app/tree_files.h"

namespace hf {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
  return directory.empty() || path == directory || (path.starts_with(directory) && path[directory.size()] == '/');
}

// A part of a tree or file that is in no pack is damage; NotFound would tell the caller that he asked for the wrong
// name.
Error as_damage(Error error) {
  if (error.code() != Code::NotFound) return error;
  return Error(Code::Corrupt, error.message()).with_hint("holdfast check shows which points are damaged");
}

// Data chunks, remembering the record that the last one came from.
class RecordCache {
 public:
  explicit RecordCache(ChunkReader& chunks) : chunks_(chunks) {}

  Result<BytesView> chunk(const ChunkId& id) {
    const ChunkSpot spot = HF_TRY(chunks_.locate(PackKind::Data, id));
    if (!any_ || spot.pack != pack_ || spot.record != record_) {
      const RecordRef record = HF_TRY(chunks_.record(spot.pack, spot.record));
      raw_ = HF_TRY(chunks_.read(record));
      pack_ = spot.pack;
      record_ = spot.record;
      any_ = true;
    }
    if (spot.offset > raw_.size() || spot.length > raw_.size() - spot.offset)
      return Error(Code::Corrupt, "a record is shorter than its pack says")
          .with_hint("holdfast check --read-data 100%");
    return BytesView(raw_).subspan(spot.offset, spot.length);
  }

 private:
  ChunkReader& chunks_;
  Bytes raw_;
  uint32_t pack_ = 0, record_ = 0;
  bool any_ = false;
};

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
      const Result<BytesView> found = records.chunk(run.ids[extent.chunk]);
      if (!found.ok()) return as_damage(found.error().clone());
      const BytesView chunk = found.value();
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
