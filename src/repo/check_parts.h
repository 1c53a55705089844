// The parts of a check, for check.cc: each adds what it finds and goes on.
#pragma once

#include "repo/check.h"
#include "repo/remains.h"
#include "repo/usage.h"

namespace hf {

inline constexpr const char* repair_hint = "holdfast check --repair";

struct BrokenPack {
  PackKind kind = PackKind::Data;
  Remains remains;
  bool found_by_reading = false;  // else it shows without --read-data
};

// How the index and the packs' own tables differ.
struct IndexFaults {
  bool is_segment_damaged = false;
  std::vector<PackName> disagreeing;
  std::vector<PackName> unknown;  // in no segment
};

// What a point has lost.
struct PointLoss {
  std::string id, set;
  uint64_t files = 0;
  std::vector<std::string> first_files;  // SOURCE/PATH
  bool is_tree_lost = false;             // names of files are among it
  bool is_elsewhere = false;             // some of it is in no pack that the index has
  std::string error;                     // of reading what is in a pack that is sound
  std::set<PackName> packs;              // by which something is lost
  bool any() const { return files > 0 || is_tree_lost; }
};

struct CheckState {
  Repository& repository;
  const CheckRequest& request;
  CheckOutcome& outcome;
  std::stop_token stop;
  GcRecords gc;
  std::vector<Point> points;      // that can be read and are not forgotten
  std::set<std::string> damaged;  // short ids
  StoredPacks packs;              // in the store
  IndexFaults faults;
  std::map<PackName, BrokenPack> broken;  // missing ones, too
  PackSet whole;                          // read in full, and sound
  PackSet unused;                         // in no segment and condemned: counted as absent
  PackSet indexed;                        // after the index was mended
  PackSet reached;                        // that points need
  std::vector<PointLoss> losses;

  void damage(std::string object, std::string what, std::string hint = "");
  void repairable(std::string object, std::string what);  // damage, with repair_hint
  void note(std::string object, std::string what, std::string hint = "");
};

// Errors of the store or the connection end a check: they say nothing of what is stored.
inline bool is_about_store(const Error& error) {
  return error.code() == Code::Unavailable || error.code() == Code::Timeout || error.code() == Code::Denied ||
         error.code() == Code::Cancelled || error.code() == Code::Failed;
}

// config, envelopes, epochs, signers, gc records, checkpoints, proofs; names that mean nothing here.
Status check_objects(CheckState& state);
// Heads and manifests: no gap, no fork, every manifest the one its head names.
Status check_chains(CheckState& state);
// Index segments against the packs' trailers: fills packs, faults and broken.
Status check_index(CheckState& state);
// Opens every record of the chosen share of the packs: adds to broken and whole.
Status check_data(CheckState& state);
// What every point has lost: fills losses, indexed and reached; adds metadata packs to broken.
Status check_points(CheckState& state);
// Reads a pack of the store in full. Nothing if it is whole, or gone meanwhile.
Result<std::optional<BrokenPack>> read_pack(Repository& repository, const PackName& name, const StoredPack& pack);

// With --repair and other copies: damaged manifests, heads and proofs put back; before anything is judged.
Status heal_signed(CheckState& state);
// The same for packs that are known to be broken: those healed are broken no more. Whether there were any.
Result<bool> heal_packs(CheckState& state);
// Points that are missing here and, with `chunks`, chunks that points have lost, brought from other copies.
Result<bool> refill_points(CheckState& state, bool chunks);

// The index written again from the packs' tables, where it has faults; without --repair only in memory.
Status mend_index(CheckState& state);
// Broken packs are taken out of use, after what is sound in them was saved.
Status replace_packs(CheckState& state);
// Findings of broken packs, of packs in no segment, and of points that have lost something.
void conclude(CheckState& state);

}  // namespace hf
