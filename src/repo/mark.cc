#include "repo/mark.h"

#include <algorithm>

namespace hf {
namespace {

Status visit_run(const ExtentRun& run, const VisitChunk& visit) {
  std::vector<uint64_t> used(run.ids.size(), 0);
  for (const Extent& extent : run.extents)
    if (extent.kind == ExtentKind::Data) used[extent.chunk] += extent.length;
  for (size_t i = 0; i < run.ids.size(); ++i) HF_TRY(visit(PackKind::Data, run.ids[i], used[i]));
  return {};
}

Status visit_content(ChunkReader& chunks, const ContentRef& content, const VisitChunk& visit) {
  if (!content.root) return visit_run(content.run, visit);
  Status parts;
  ContentReader reader(content, chunks.meta_get());
  reader.on_part([&](const ChunkId& id) {
    if (parts.ok()) parts = visit(PackKind::Meta, id, 0);
  });
  for (;;) {
    const ExtentRun run = HF_TRY(reader.next());
    if (!parts.ok()) return parts;
    if (run.empty()) return {};
    HF_TRY(visit_run(run, visit));
  }
}

Status visit_tree(ChunkReader& chunks, const Root& root, const VisitChunk& visit) {
  Status parts;
  TreeReader reader(root, chunks.meta_get());
  reader.on_part([&](const ChunkId& id) {
    if (parts.ok()) parts = visit(PackKind::Meta, id, 0);
  });
  for (;;) {
    const TreeEntry* entry = HF_TRY(reader.next());
    if (!parts.ok()) return parts;
    if (entry == nullptr) return {};
    HF_TRY(visit_content(chunks, entry->content, visit).during(printable(entry->meta.path)));
  }
}

}  // namespace

Status visit_chunks(Repository& repository, const Manifest& manifest, const VisitChunk& visit) {
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  for (const SourceRecord& source : manifest.sources)
    HF_TRY(visit_tree(chunks, source.tree, visit).during("source " + source.name));
  return {};
}

Result<std::vector<PackName>> packs_used(Repository& repository, const Manifest& manifest,
                                         const std::vector<PackName>& candidates) {
  Index& index = *HF_TRY(repository.index());
  const std::unordered_set<PackName, IdHash> wanted(candidates.begin(), candidates.end());
  std::unordered_set<PackName, IdHash> used;
  HF_TRY(visit_chunks(repository, manifest, [&](PackKind kind, const ChunkId& id, uint64_t) -> Status {
    const std::optional<ChunkPlace> place = index.find(kind, id);
    if (!place) return Error(Code::NotFound, "chunk " + id.hex().substr(0, 16) + " is in no pack");
    const PackName name = index.pack(place->pack).name;
    if (wanted.contains(name)) used.insert(name);
    return {};
  }));
  return std::vector<PackName>(used.begin(), used.end());
}

}  // namespace hf
