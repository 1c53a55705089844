// Prune: forgets points, and gives back the space that nothing refers to any more: in two phases, without locks.
//
// docs/FORMAT.md, "Prune", is the protocol; the order of its steps is the safety argument, checked by an explicit-state
// model in prune_model_test.cc. Nothing that a point refers to is ever deleted; a crash at any step leaves a state from
// which the next prune goes on.
#pragma once

#include <set>

#include "repo/gc_records.h"
#include "repo/points.h"

namespace hf {

struct PruneRequest {
  std::vector<Forgotten> forget;            // manifests to forget, each with the reason that people see
  Duration grace = std::chrono::hours(48);  // between condemning a pack and deleting it
  double repack_below = 0.6;                // data packs of which less than this share is reached are rewritten
  uint64_t repack_bytes_max = UINT64_MAX;   // of packs rewritten in one run
  // Of `forget`, those that a person gave up by name: they may have lost data or be unreadable, and then even be the
  // newest complete point of a set.
  std::set<std::string> given_up;
  bool dry_run = false;
};

struct PruneOutcome {
  uint64_t points_forgotten = 0;
  uint64_t packs_condemned = 0, bytes_condemned = 0;  // phase 1 of this run
  uint64_t packs_repacked = 0, bytes_repacked = 0;    // read and written again
  uint64_t packs_deleted = 0,
           bytes_deleted = 0;  // phase 2: of earlier runs' condemned packs (and this run's, with grace 0)
  uint64_t packs_resurrected = 0;
  uint64_t sessions_waited_for = 0;    // live writers that keep condemned packs from being deleted now
  std::optional<WallTime> deletes_at;  // when what is condemned now can go
};

// Corrupt, with the points named: some that stay have lost data, or cannot be read; nothing is pruned.
// Refused: the store's clock jumped by more than a day against what earlier records say, or the newest complete point
// would be forgotten, those made in an emergency aside. With grace zero the caller vouches that no writer runs: Held if
// a live session says otherwise.
Result<PruneOutcome> prune(Repository& repository, const PruneRequest& request, std::stop_token stop);

}  // namespace hf
