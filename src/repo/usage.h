// Usage: what of each pack the points reach: counted by prune, compared by check.
//
// Memory is one bit a chunk, and 10 MB of ids: they are looked up in their order, so that a block of the index is read
// once for many. A chunk that lies in several packs counts once, in the first pack that is neither
// condemned nor gone. If only condemned packs have it, it counts in all of them: so two prunes that condemned two
// copies at once cannot each rely on the other's.
#pragma once

#include "repo/gc_records.h"
#include "repo/points.h"
#include "repo/session.h"

namespace hf {

struct StoredPack {
  PackKind kind = PackKind::Data;
  uint64_t size = 0;
  WallTime modified{};  // by the store's clock
};
using StoredPacks = std::unordered_map<PackName, StoredPack, IdHash>;
using PackSet = std::unordered_set<PackName, IdHash>;

// Objects under packs/ and meta/ whose names are no pack's are added to `strange`.
Result<StoredPacks> list_stored_packs(Repository& repository, std::vector<std::string>* strange = nullptr);

// What prune decides by. The order in which it is read is part of the protocol: gc numbers, sessions, points, gc
// records, index, packs. A writer that is not among the sessions any more has its manifest among the points, or knows
// all records that were there before; and what a point refers to is in the index by the time the point is seen.
struct Survey {
  uint32_t gc_newest_before = 0;
  WallTime now{};                          // by the store's clock
  std::vector<SeenSession> live_sessions;  // but for the prune's own
  GcRecords gc;
  std::vector<Point> points;                // that no prune has forgotten
  std::vector<Point> checkpoints;           // the same
  std::vector<std::string> unreadable;      // manifests whose needs are unknown
  std::vector<std::string> forgotten_left;  // manifests and checkpoints that a prune forgot and did not come to delete
  std::unordered_map<std::string, WallTime> checkpoint_times;
  StoredPacks packs;
  WallTime newest_manifest{};
};
// Packs that the index knows and the store has not, or has with another length, are excluded from the index.
Result<Survey> survey(Repository& repository, const Session* own);

// Reads the trailers of these packs into the index, durable.
Status index_packs(Repository& repository, const StoredPacks& packs, const std::vector<PackName>& names);

class Usage {
 public:
  // `condemned`: used only by what no other pack has.
  Usage(Repository& repository, Index& index, PackSet condemned);

  // Marks every point, and of the checkpoints what can be read of them. Corrupt if there is a manifest whose needs are
  // unknown, or a point that has lost data; all of those are named.
  Status mark_all(const Survey& survey, const std::unordered_set<std::string>& but);
  // Requires: nothing is added to the index between the Usage and its last mark().
  // Corrupt if the point refers to a chunk that is in no pack.
  Status mark(const Manifest& manifest);
  // Of mark(): the point refers to what is nowhere. Other errors say nothing of what is stored.
  static bool is_loss(const Error& error) { return error.code() == Code::Corrupt || error.code() == Code::NotFound; }
  // By chunk; null if nothing of the pack is reached.
  const std::vector<bool>* reached(const PackName& pack) const;
  bool is_partial(const PackName& pack) const;  // some of it is reached and some is not

 private:
  using Visited = std::pair<ChunkId, PackKind>;
  Status look_up_visited();
  Result<bool> look_up(const Visited& visited);  // false: it is in no pack
  void take(const ChunkPlace& place);

  Repository& repository_;
  Index& index_;
  const PackSet condemned_;
  // By ordinal in the index:
  std::vector<bool> is_condemned_;
  std::vector<uint32_t> chunk_counts_;
  std::vector<std::vector<bool>> reached_;  // empty: nothing
  std::unordered_map<PackName, uint32_t, IdHash> ordinals_;
  std::vector<Visited> visited_;               // not looked up yet
  std::unordered_set<ChunkId, IdHash> roots_;  // trees walked already
};

}  // namespace hf
