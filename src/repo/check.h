// Check: is the repository itself sound, and can every point be restored from it.
//
// Structure: config, envelopes, epochs and signers authenticate; the chain of heads and manifests has no gap and no
// fork; index segments can be read and agree with the packs' trailers; every chunk that a point refers to is in a pack
// that is there, whole in length. Data: of a share of the packs every byte is read, and each record opened and each
// chunk's id computed again.
//
// Repair: what another copy has whole is put back from there. Of the rest, the index is written again from the packs'
// trailers. Of a damaged pack every record that is sound is copied to a new pack; then damaged and missing packs are
// condemned, as a prune condemns, and the index goes on without them. So writers store again what was lost, if a source
// still has it, and older points that need it are whole again. No object but an index segment is removed.
#pragma once

#include "repo/points.h"

namespace hf {

struct CheckRequest {
  double read_data =
      0;  // 0 … 1: the share of packs, by bytes, that is read in full; which ones moves on from day to day
  bool repair = false;
  unsigned workers = 2;
  std::vector<Repository*> peers;  // other copies, which a repair puts damaged and missing objects back from first
  std::function<void(uint64_t bytes, uint64_t bytes_total)> progress;
};

struct Finding {
  enum class Severity : uint8_t { Note, Damage } severity = Severity::Damage;
  std::string object;               // its name, or a point's
  std::string what;                 // what is wrong, and what it means for whom
  std::string hint;                 // the command that mends it; "" if there is none
  bool is_repairable = false;       // a repair writes something because of it; afterwards false
  std::vector<std::string> points;  // short ids of those that lost something by it
  std::vector<std::string> files;   // SOURCE/PATH of the first that cannot be restored
  uint64_t file_count = 0;
};

struct CheckOutcome {
  uint64_t objects = 0, packs = 0, packs_read = 0, bytes_read = 0, points = 0, chunks = 0;
  uint64_t packs_unreferenced = 0, bytes_unreferenced = 0;  // space that the next prune gives back: not damage
  std::vector<Finding> findings;
  std::vector<std::string> points_damaged;  // ids that cannot be restored in full
  bool repaired = false;                    // something was written
  uint64_t healed = 0;                      // objects put back from another copy
  uint64_t packs_dropped = 0;               // damaged and missing ones, by the repair
  uint64_t chunks_saved = 0;                // copied out of damaged ones
  bool sound() const;                       // no Damage is left
};

// With repair: KeyMissing if packs must be condemned and no signing key is at hand.
Result<CheckOutcome> check_repository(Repository& repository, const CheckRequest& request, std::stop_token stop);

}  // namespace hf
