#include "backup/previous_tree.h"

namespace hf {

PreviousTree::PreviousTree(ChunkReader& chunks, const Index& index, const std::vector<Root>& trees)
    : chunks_(chunks), index_(index) {
  for (const Root& root : trees) cursors_.push_back({.reader = TreeReader(root, chunks.meta_get())});
}

void PreviousTree::advance(Cursor& cursor, std::string_view path) {
  while (!cursor.ended && (cursor.at == nullptr || compare_paths(cursor.at->meta.path, path) < 0)) {
    const Result<const TreeEntry*> next = cursor.reader.next();
    // What at points to is gone now.
    cursor.at = nullptr;
    if (!next.ok() && next.error().code() == Code::Corrupt) continue;  // it has gone past what it cannot read
    cursor.ended = !next.ok() || next.value() == nullptr;
    if (!cursor.ended) cursor.at = next.value();
  }
}

Result<bool> PreviousTree::is_present(const ContentRef& content) {
  const auto all_there = [&](const ExtentRun& run) -> Result<bool> {
    for (const ChunkId& id : run.ids)
      if (!HF_TRY(index_.contains(PackKind::Data, id))) return false;
    return true;
  };
  if (!content.root) return all_there(content.run);
  // The whole list, not only its root: a pack may have been condemned or lost since, with any part of it.
  ContentReader reader(content, chunks_.meta_get());
  Result<bool> parts = true;
  reader.on_part([&](const ChunkId& id) {
    if (parts.ok() && parts.value()) parts = index_.contains(PackKind::Meta, id);
  });
  for (;;) {
    const Result<ExtentRun> run = reader.next();
    if (!parts.ok()) return parts;
    if (!run.ok() || !parts.value() || !HF_TRY(all_there(run.value()))) return false;
    if (run.value().empty()) return true;
  }
}

Result<const Entry*> PreviousTree::find(std::string_view path) {
  found_ = nullptr;
  for (Cursor& cursor : cursors_) {
    advance(cursor, path);
    const bool match = !cursor.ended && cursor.at->meta.path == path && cursor.at->meta.info.type == FileType::File &&
                       HF_TRY(is_present(cursor.at->content));
    if (!match) continue;
    found_ = cursor.at;
    return &found_->meta;
  }
  return static_cast<const Entry*>(nullptr);
}

}  // namespace hf
