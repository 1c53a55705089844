#include "repo/usage.h"

#include <algorithm>

#include "repo/mark.h"

namespace hf {
namespace {

constexpr size_t visited_max = 256u << 10;

}  // namespace

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
    if (index.pending_chunks() > pending_chunks_max) HF_TRY(index.write_pending(repository.deadline()));
  }
  return index.write_pending(repository.deadline());
}

namespace {

constexpr size_t points_named_max = 20;

Error lost_data(const std::vector<const Point*>& points, const Error& first) {
  std::string names, flags;
  for (size_t i = 0; i < std::min(points.size(), points_named_max); ++i) {
    names += (i == 0 ? "" : ", ") + short_id(points[i]->id) + " (" + points[i]->manifest.set + ")";
    flags += " --forget " + short_id(points[i]->id);
  }
  const size_t unnamed = points.size() - std::min(points.size(), points_named_max);
  if (unnamed > 0) names += " and " + std::to_string(unnamed) + " more";
  return Error(Code::Corrupt,
               "nothing is pruned, because points have lost data, and what else they need cannot be told: " + names +
                   ": " + first.message())
      .with_hint(
          "holdfast check --repair, then back up again: that makes whole what the sources still have; to give "
          "the points up: holdfast prune" +
          flags);
}

}  // namespace

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
          .with_hint(
              "put it back from another copy of the repository; to give that point up: holdfast prune --forget " +
              name);
  std::vector<const Point*> lost;
  std::optional<Error> first;
  for (const Point& point : survey.points) {
    if (but.contains(point.object)) continue;
    const Status marked = mark(point.manifest);
    if (marked.ok()) continue;
    if (!is_loss(marked.error())) return marked.error().clone().during("point " + short_id(point.id));
    if (!first) first = marked.error().clone();
    lost.push_back(&point);
  }
  if (!lost.empty()) return lost_data(lost, *first);
  for (const Point& checkpoint : survey.checkpoints) {
    if (but.contains(checkpoint.object)) continue;
    // A checkpoint only saves work: one that is damaged must not keep a repository from being pruned.
    const Status marked = mark(checkpoint.manifest);
    if (!marked.ok() && !is_loss(marked.error())) return marked.error().clone();
  }
  return {};
}

Status Usage::mark(const Manifest& manifest) {
  Manifest fresh;
  for (const SourceRecord& source : manifest.sources)
    if (!roots_.contains(source.tree.id)) fresh.sources.push_back(source);
  Status looked_up;
  const Status walked = visit_chunks(repository_, fresh, [&](const ChunkUse& use) -> Status {
    visited_.emplace_back(use.id, use.kind);
    if (visited_.size() < visited_max) return {};
    looked_up = look_up_visited();
    // It need not be of the file that the walk has come to.
    return looked_up.ok() ? Status() : Error(Code::Cancelled, "a chunk seen before could not be found");
  });
  if (!looked_up.ok()) return looked_up;
  // What the walk came to counts, wherever it ended.
  looked_up = look_up_visited();
  if (!walked.ok() && (looked_up.ok() || looked_up.error().code() == Code::Corrupt)) return walked.error().clone();
  HF_TRY(std::move(looked_up));
  for (const SourceRecord& source : fresh.sources) roots_.insert(source.tree.id);
  return {};
}

Status Usage::look_up_visited() {
  std::vector<Visited> all = std::exchange(visited_, {});
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  const Visited* lost = nullptr;
  for (const Visited& visited : all)
    if (!HF_TRY(look_up(visited)) && lost == nullptr) lost = &visited;
  if (lost == nullptr) return {};
  return Error(Code::Corrupt, "chunk " + lost->first.hex().substr(0, 16) + " is in no pack that is there whole")
      .with_hint("holdfast check --repair");
}

Result<bool> Usage::look_up(const Visited& visited) {
  const auto& [id, kind] = visited;
  const std::optional<ChunkPlace> first = HF_TRY(index_.find(kind, id));
  if (!first) return false;
  HF_ASSERT(first->pack < is_condemned_.size());  // the index is not added to while its packs are counted
  if (!is_condemned_[first->pack]) {
    take(*first);
    return true;
  }
  const std::vector<ChunkPlace> places = HF_TRY(index_.find_all(kind, id));
  for (const ChunkPlace& place : places) {
    if (is_condemned_[place.pack]) continue;
    take(place);
    return true;
  }
  for (const ChunkPlace& place : places) take(place);
  return true;
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
