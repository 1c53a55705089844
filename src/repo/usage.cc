#include "repo/usage.h"

#include <algorithm>

#include "repo/mark.h"

namespace hf {

Result<StoredPacks> list_stored_packs(Repository& repository, std::vector<std::string>* strange) {
  StoredPacks packs;
  for (const PackKind kind : {PackKind::Data, PackKind::Meta}) {
    std::vector<ObjectInfo> found;
    HF_TRY(list_packs(repository.store(), kind, found, repository.deadline()));
    for (const ObjectInfo& object : found) {
      const std::optional<PackName> name = PackName::parse(object.name.substr(object.name.rfind('/') + 1));
      if (name && object.name == pack_object_name(kind, *name))
        packs.emplace(*name, StoredPack{.kind = kind, .size = object.size, .modified = object.modified});
      else if (strange != nullptr)
        strange->push_back(object.name);
    }
  }
  return packs;
}

namespace {

Status list_referrers(Repository& repository, Survey& survey) {
  Store& store = repository.store();
  std::vector<std::string> manifests;
  HF_TRY(store.list(
      "manifests/",
      [&](const ObjectInfo& info) -> Status {
        manifests.push_back(info.name);
        survey.newest_manifest = std::max(survey.newest_manifest, info.modified);
        return {};
      },
      repository.deadline()));
  PointList list = HF_TRY(list_points(repository));
  HF_TRY(store.list(
      "checkpoints/",
      [&](const ObjectInfo& info) -> Status {
        survey.checkpoint_times.emplace(info.name, info.modified);
        return {};
      },
      repository.deadline()));
  survey.checkpoints = HF_TRY(list_checkpoints(repository));
  survey.points = std::move(list.points);
  survey.gc = HF_TRY(read_gc_records(repository));
  std::erase_if(survey.points, [&](const Point& point) { return survey.gc.is_forgotten(point.object); });
  std::erase_if(survey.checkpoints, [&](const Point& point) { return survey.gc.is_forgotten(point.object); });
  std::unordered_set<std::string> readable;
  for (const Point& point : survey.points) readable.insert(point.object);
  for (const std::string& name : manifests) {
    if (survey.gc.is_forgotten(name))
      survey.forgotten_left.push_back(name);
    else if (!readable.contains(name))
      survey.unreadable.push_back(name);
  }
  for (const auto& [name, modified] : survey.checkpoint_times)
    if (survey.gc.is_forgotten(name)) survey.forgotten_left.push_back(name);
  return {};
}

}  // namespace

Result<Survey> survey(Repository& repository, const Session* own) {
  Survey survey;
  Store& store = repository.store();
  survey.gc_newest_before = HF_TRY(newest_gc_record(repository));
  survey.now = HF_TRY(store.now(repository.deadline()));
  survey.live_sessions = HF_TRY(list_sessions(repository));
  std::erase_if(survey.live_sessions, [&](const SeenSession& session) {
    return !session.is_alive(survey.now) || (own != nullptr && session.id == own->id());
  });
  HF_TRY(list_referrers(repository, survey));
  Index& index = *HF_TRY(repository.index());
  HF_TRY(index.load(repository.deadline()));
  survey.packs = HF_TRY(list_stored_packs(repository));
  std::vector<PackName> gone;
  for (const PackInfo& pack : index.packs()) {
    const auto stored = survey.packs.find(pack.name);
    if (stored == survey.packs.end() || stored->second.size != pack.size || stored->second.kind != pack.kind)
      gone.push_back(pack.name);
  }
  index.exclude(gone);
  return survey;
}

Status index_packs(Repository& repository, const StoredPacks& packs, const std::vector<PackName>& names) {
  Index& index = *HF_TRY(repository.index());
  for (const PackName& name : names) {
    const StoredPack& pack = packs.at(name);
    const FetchedTable fetched =
        HF_TRY(fetch_table(repository.store(), repository.ring(), pack.kind, name, pack.size, repository.deadline()));
    index.add({.name = name, .kind = pack.kind, .size = pack.size, .epoch = fetched.epoch}, fetched.table.ids);
  }
  return index.write_pending(repository.deadline());
}

Usage::Usage(Repository& repository, Index& index, PackSet condemned)
    : repository_(repository), index_(index), condemned_(std::move(condemned)) {
  const std::vector<PackInfo> packs = index.packs();
  const std::vector<uint32_t> counts = index.chunk_counts();
  for (uint32_t ordinal = 0; ordinal < packs.size(); ++ordinal) {
    ordinals_.emplace(packs[ordinal].name, ordinal);
    is_condemned_.push_back(condemned_.contains(packs[ordinal].name));
    chunk_counts_.push_back(ordinal < counts.size() ? counts[ordinal] : 0);
  }
  reached_.resize(packs.size());
}

Status Usage::mark_all(const Survey& survey, const std::unordered_set<std::string>& but) {
  for (const std::string& name : survey.unreadable)
    if (!but.contains(name))
      return Error(Code::Corrupt, name + " cannot be read, so what it needs is unknown: nothing is pruned")
          .with_hint("holdfast check says what is wrong with it; put it back from another copy, or forget that point");
  for (const Point& point : survey.points)
    if (!but.contains(point.object)) HF_TRY(mark(point.manifest).during("point " + point.id.hex().substr(0, 10)));
  for (const Point& checkpoint : survey.checkpoints) {
    if (but.contains(checkpoint.object)) continue;
    // A checkpoint only saves work: one that is damaged must not keep a repository from being pruned.
    const Status marked = mark(checkpoint.manifest);
    if (!marked.ok() && marked.error().code() != Code::Corrupt && marked.error().code() != Code::NotFound)
      return marked.error().clone();
  }
  return {};
}

Status Usage::mark(const Manifest& manifest) {
  Manifest fresh;
  for (const SourceRecord& source : manifest.sources)
    if (!roots_.contains(source.tree.id)) fresh.sources.push_back(source);
  HF_TRY(visit_chunks(repository_, fresh, [&](PackKind kind, const ChunkId& id, uint64_t) { return visit(kind, id); }));
  for (const SourceRecord& source : fresh.sources) roots_.insert(source.tree.id);
  return {};
}

Status Usage::visit(PackKind kind, const ChunkId& id) {
  const std::optional<ChunkPlace> first = index_.find(kind, id);
  if (!first)
    return Error(Code::Corrupt, "chunk " + id.hex().substr(0, 16) + " is in no pack that is there whole")
        .with_hint("holdfast check --repair");
  HF_ASSERT(first->pack < is_condemned_.size());  // the index is not added to while its packs are counted
  if (!is_condemned_[first->pack]) {
    take(*first);
    return {};
  }
  const std::vector<ChunkPlace> places = index_.find_all(kind, id);
  for (const ChunkPlace& place : places) {
    if (is_condemned_[place.pack]) continue;
    take(place);
    return {};
  }
  for (const ChunkPlace& place : places) take(place);
  return {};
}

void Usage::take(const ChunkPlace& place) {
  std::vector<bool>& bits = reached_[place.pack];
  const size_t count = std::max<size_t>(chunk_counts_[place.pack], place.ordinal + size_t{1});
  if (bits.size() < count) bits.resize(count);
  bits[place.ordinal] = true;
}

const std::vector<bool>* Usage::reached(const PackName& pack) const {
  const auto found = ordinals_.find(pack);
  if (found == ordinals_.end() || reached_[found->second].empty()) return nullptr;
  return &reached_[found->second];
}

bool Usage::is_partial(const PackName& pack) const {
  const std::vector<bool>* bits = reached(pack);
  return bits != nullptr && std::find(bits->begin(), bits->end(), false) != bits->end();
}

}  // namespace hf
