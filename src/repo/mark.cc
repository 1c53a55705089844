#include "repo/mark.h"

#include <algorithm>

namespace hf {
namespace {

class Walk {
 public:
  Walk(ChunkReader& chunks, const std::string& source, const VisitChunk& visit, const VisitLoss& lost)
      : chunks_(chunks), source_(source), visit_(visit), lost_(lost) {}

  Status tree(const Root& root) {
    Status parts;
    TreeReader reader(root, chunks_.meta_get());
    reader.on_part([&](const ChunkId& id) { visit_part(id, "", parts); });
    for (;;) {
      const Result<const TreeEntry*> entry = reader.next();
      if (!parts.ok()) return parts;
      if (!entry.ok()) {
        HF_TRY(lose("", entry.error()));
        continue;
      }
      if (entry.value() == nullptr) return {};
      HF_TRY(content(*entry.value()).during(printable(entry.value()->meta.path)));
    }
  }

 private:
  void visit_part(const ChunkId& id, std::string_view path, Status& parts) {
    if (parts.ok()) parts = visit_({.kind = PackKind::Meta, .id = id, .source = source_, .path = path});
  }

  Status content(const TreeEntry& entry) {
    const std::string& path = entry.meta.path;
    if (!entry.content.root) return run(entry.content.run, path);
    Status parts;
    ContentReader reader(entry.content, chunks_.meta_get());
    reader.on_part([&](const ChunkId& id) { visit_part(id, path, parts); });
    for (;;) {
      const Result<ExtentRun> next = reader.next();
      if (!parts.ok()) return parts;
      if (!next.ok()) {
        HF_TRY(lose(path, next.error()));
        continue;
      }
      if (next.value().empty()) return {};
      HF_TRY(run(next.value(), path));
    }
  }

  Status run(const ExtentRun& run, std::string_view path) {
    for (const ChunkId& id : run.ids)
      HF_TRY(visit_({.kind = PackKind::Data, .id = id, .source = source_, .path = path}));
    return {};
  }

  // The readers have gone past what they could not read.
  Status lose(std::string_view path, const Error& error) { return lost_ ? lost_(path, error) : Status(error.clone()); }

  ChunkReader& chunks_;
  const std::string& source_;
  const VisitChunk& visit_;
  const VisitLoss& lost_;
};

}  // namespace

Status visit_chunks(Repository& repository, const Manifest& manifest, const VisitChunk& visit, const VisitLoss& lost) {
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  for (const SourceRecord& source : manifest.sources)
    HF_TRY(Walk(chunks, source.name, visit, lost).tree(source.tree).during("source " + source.name));
  return {};
}

Result<std::vector<PackName>> packs_used(Repository& repository, const Manifest& manifest,
                                         const std::vector<PackName>& candidates) {
  Index& index = *HF_TRY(repository.index());
  const std::unordered_set<PackName, IdHash> wanted(candidates.begin(), candidates.end());
  std::unordered_set<PackName, IdHash> used;
  const auto is_candidate = [&](const ChunkPlace& place) { return wanted.contains(index.pack(place.pack).name); };
  const auto note = [&](const ChunkUse& use) -> Status {
    const std::optional<ChunkPlace> place = HF_TRY(index.find(use.kind, use.id));
    if (!place) return Error(Code::NotFound, "chunk " + use.id.hex().substr(0, 16) + " is in no pack");
    if (!is_candidate(*place)) return {};
    const std::vector<ChunkPlace> all = HF_TRY(index.find_all(use.kind, use.id));
    if (!std::all_of(all.begin(), all.end(), is_candidate)) return {};
    for (const ChunkPlace& copy : all) used.insert(index.pack(copy.pack).name);
    return {};
  };
  HF_TRY(visit_chunks(repository, manifest, note));
  return std::vector<PackName>(used.begin(), used.end());
}

}  // namespace hf
