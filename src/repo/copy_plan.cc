#include "repo/copy_plan.h"

#include <algorithm>

#include "repo/mark.h"

namespace hf {
namespace {

constexpr size_t visited_max = 256u << 10;

struct SetObjects {
  std::set<uint64_t> heads, manifests;
};
using Sets = std::map<std::string, SetObjects>;

Result<Sets> list_sets(Repository& repository) {
  Sets sets;
  for (const std::string top : {"heads/", "manifests/"}) {
    HF_TRY(repository.store().list(
        top,
        [&](const ObjectInfo& info) -> Status {
          const size_t slash = info.name.rfind('/');
          const std::optional<uint64_t> number = sequence_of(info.name);
          if (!number || slash < top.size()) return {};
          SetObjects& set = sets[info.name.substr(top.size(), slash - top.size())];
          (top == "heads/" ? set.heads : set.manifests).insert(*number);
          return {};
        },
        repository.deadline()));
  }
  return sets;
}

class Compare {
 public:
  Compare(Repository& from, Repository& to, GcRecords& gc_from, GcRecords& gc_to)
      : from_(from), to_(to), gc_from_(gc_from), gc_to_(gc_to) {}

  Result<SetDifference> run(const std::string& directory, const SetObjects& here, const SetObjects& there) {
    SetDifference difference{.directory = directory};
    HF_TRY(find_fork(difference, here, there));
    for (const uint64_t number : here.heads)
      if (!there.heads.contains(number) && !is_forked(difference, number)) difference.heads.insert(number);
    for (const uint64_t number : here.manifests) {
      const std::string object = manifest_object(directory, number);
      if (there.manifests.contains(number) || is_forked(difference, number) || gc_from_.is_forgotten(object) ||
          gc_to_.is_forgotten(object))
        continue;
      Result<Point> point = load_point(from_, object);
      if (point.ok())
        difference.points.emplace(number, std::move(point).value());
      else if (point.error().code() == Code::Unavailable || point.error().code() == Code::Timeout)
        return std::move(point).error();
      else if (point.error().code() != Code::NotFound)
        difference.unreadable.push_back(point.error().message());
    }
    add_forgotten(difference, there);
    return difference;
  }

 private:
  static bool is_forked(const SetDifference& difference, uint64_t number) {
    return difference.fork && number >= *difference.fork;
  }

  // Each head names the one before it: where two agree, so does all before.
  Status find_fork(SetDifference& difference, const SetObjects& here, const SetObjects& there) {
    bool agree = false;
    for (auto number = here.heads.rbegin(); number != here.heads.rend() && !agree; ++number) {
      if (!there.heads.contains(*number)) continue;
      const std::string object = "heads/" + difference.directory + manifest_object("", *number).substr(10);
      const Result<Bytes> ours = bytes_of(from_, object), theirs = bytes_of(to_, object);
      HF_TRY(reached(ours));
      HF_TRY(reached(theirs));
      // One that is damaged says nothing.
      const bool both =
          is_sound(from_, SignedKind::Head, object, ours) && is_sound(to_, SignedKind::Head, object, theirs);
      if (!both) continue;
      agree = equal(ours.value(), theirs.value());
      if (!agree) difference.fork = *number;
    }
    // A manifest may not have its head yet.
    for (auto number = here.manifests.rbegin(); number != here.manifests.rend(); ++number) {
      if (here.heads.contains(*number) && there.heads.contains(*number)) break;
      if (!there.manifests.contains(*number)) continue;
      const std::string object = manifest_object(difference.directory, *number);
      const Result<Bytes> ours = bytes_of(from_, object), theirs = bytes_of(to_, object);
      HF_TRY(reached(ours));
      HF_TRY(reached(theirs));
      if (is_sound(from_, SignedKind::Manifest, object, ours) && is_sound(to_, SignedKind::Manifest, object, theirs) &&
          !equal(ours.value(), theirs.value()))
        difference.fork = std::min(*number, difference.fork.value_or(*number));
    }
    return {};
  }

  static Result<Bytes> bytes_of(Repository& repository, const std::string& object) {
    return get_whole(repository.store(), object, small_object_bytes_max, repository.deadline());
  }
  static Status reached(const Result<Bytes>& bytes) {
    if (bytes.ok() || bytes.error().code() == Code::Corrupt || bytes.error().code() == Code::NotFound) return {};
    return bytes.error().clone();
  }
  static bool is_sound(Repository& repository, SignedKind kind, const std::string& object, const Result<Bytes>& bytes) {
    return bytes.ok() && open_signed(repository.ring(), repository.signers(), kind, object, bytes.value()).ok();
  }

  // What was forgotten here and is not there would look like a loss there, once the ledger speaks of it.
  void add_forgotten(SetDifference& difference, const SetObjects& there) {
    const std::string prefix = "manifests/" + difference.directory + "/";
    for (const GcRecord& record : gc_from_.records)
      for (const Forgotten& forgotten : record.condemned.manifests) {
        const std::optional<uint64_t> number = sequence_of(forgotten.name);
        if (!forgotten.name.starts_with(prefix) || !number || is_forked(difference, *number)) continue;
        if (there.manifests.contains(*number) || gc_to_.is_forgotten(forgotten.name)) continue;
        difference.forgotten.push_back(forgotten);
      }
  }

  Repository& from_;
  Repository& to_;
  GcRecords& gc_from_;
  GcRecords& gc_to_;
};

}  // namespace

Result<std::vector<SetDifference>> compare_sets(Repository& from, Repository& to,
                                                const std::optional<std::set<std::string>>& sets) {
  // What is there first: what a prune takes away meanwhile is then no difference.
  const Sets there = HF_TRY(list_sets(to));
  const Sets here = HF_TRY(list_sets(from));
  GcRecords gc_from = HF_TRY(read_gc_records(from)), gc_to = HF_TRY(read_gc_records(to));
  std::vector<SetDifference> differences;
  for (const auto& [directory, objects] : here) {
    if (sets && !sets->contains(directory)) continue;
    const auto other = there.find(directory);
    differences.push_back(HF_TRY(Compare(from, to, gc_from, gc_to)
                                     .run(directory, objects, other == there.end() ? SetObjects() : other->second)));
  }
  return differences;
}

Result<std::set<std::string>> manifests_shared(Repository& of, Repository& other) {
  const GcRecords gc = HF_TRY(read_gc_records(other));
  std::set<std::string> held;
  HF_TRY(other.store().list(
      "manifests/",
      [&](const ObjectInfo& info) -> Status {
        if (sequence_of(info.name) && !gc.is_forgotten(info.name)) held.insert(info.name);
        return {};
      },
      other.deadline()));
  if (&of == &other) return held;
  for (const SetDifference& set : HF_TRY(compare_sets(other, of, std::nullopt))) {
    const std::string prefix = "manifests/" + set.directory + "/";
    if (set.fork)
      std::erase_if(held, [&](const std::string& name) {
        return name.starts_with(prefix) && sequence_of(name).value_or(0) >= *set.fork;
      });
  }
  return held;
}

Status NeedFinder::add(const Manifest& manifest) {
  Manifest fresh;
  for (const SourceRecord& source : manifest.sources)
    if (!roots_.contains(source.tree.id)) fresh.sources.push_back(source);
  HF_TRY(visit_chunks(from_, fresh, [&](const ChunkUse& use) -> Status {
    visited_.emplace_back(use.id, use.kind);
    return visited_.size() < visited_max ? Status() : look_up();
  }));
  HF_TRY(look_up());
  for (const SourceRecord& source : fresh.sources) roots_.insert(source.tree.id);
  return {};
}

// In the order of the ids: so a block of the index is read once for many.
Status NeedFinder::look_up() {
  std::vector<Visited> all = std::exchange(visited_, {});
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Index& here = *HF_TRY(from_.index());
  const Index& there = *HF_TRY(to_.index());
  for (const auto& [id, kind] : all) {
    if (HF_TRY(there.contains(kind, id))) continue;
    const std::vector<ChunkPlace> places = HF_TRY(here.find_all(kind, id));
    if (places.empty()) return Error(Code::Corrupt, "chunk " + id.hex().substr(0, 16) + " is in no pack");
    // One that is copied anyway, where there is a choice.
    const ChunkPlace* place = &places.front();
    for (const ChunkPlace& other : places)
      if (needed_.contains(here.pack(other.pack).name)) place = &other;
    const PackInfo pack = here.pack(place->pack);
    NeededPack& needed = needed_[pack.name];
    needed.source.name = pack.name;
    needed.source.kind = pack.kind;
    needed.source.size = pack.size;
    needed.epoch = pack.epoch;
    if (needed.source.live.size() <= place->ordinal) needed.source.live.resize(place->ordinal + size_t{1});
    needed.source.live[place->ordinal] = true;
  }
  return {};
}

}  // namespace hf
