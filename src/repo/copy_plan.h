// CopyPlan: what one copy of a repository has and another one lacks: heads and points of each set, and the packs that
// those points need.
#pragma once

#include <map>
#include <set>

#include "repo/points.h"
#include "repo/repack.h"

namespace hf {

// Of one set, what is to be copied: by number.
struct SetDifference {
  std::string directory;
  std::map<uint64_t, Point> points;
  std::set<uint64_t> heads;
  std::vector<Forgotten> forgotten;     // there, before the other copy ever had them; its ledger goes on without
  std::optional<uint64_t> fork;         // from this number on the two say different things: nothing of it is copied
  std::vector<std::string> unreadable;  // manifests, each with why: they cannot be copied from here
  bool any() const { return !points.empty() || !heads.empty() || !forgotten.empty(); }
};

// `sets`: only these; nothing: every set that `from` has. Points that either side has forgotten are left out.
Result<std::vector<SetDifference>> compare_sets(Repository& from, Repository& to,
                                                const std::optional<std::set<std::string>>& sets);

// Manifests of `other` that count, and that say there what they say in `of`.
Result<std::set<std::string>> manifests_shared(Repository& of, Repository& other);

// A pack of `from`, with the chunks in it that `to` lacks.
struct NeededPack {
  RepackSource source;
  uint32_t epoch = 0;
};
using NeededPacks = std::map<PackName, NeededPack>;

// Finds what points need: a chunk that the other copy's index does not have. Trees seen once are not read again.
// Memory is 10 MB of ids, and a bit a chunk of the packs that are needed.
class NeedFinder {
 public:
  NeedFinder(Repository& from, Repository& to) : from_(from), to_(to) {}
  // Adds to needed(). Corrupt if `from` has lost something of the point itself.
  Status add(const Manifest& manifest);
  NeededPacks& needed() { return needed_; }

 private:
  using Visited = std::pair<ChunkId, PackKind>;
  Status look_up();

  Repository& from_;
  Repository& to_;
  NeededPacks needed_;
  std::vector<Visited> visited_;
  std::unordered_set<ChunkId, IdHash> roots_;
};

}  // namespace hf
