// Check: is the repository itself sound, and can every point be restored from it.
//
// Structure: config, envelopes, epochs and signers authenticate; the chain of heads and manifests has no gap and no
// fork; index segments can be read and agree with the packs' trailers; every chunk that a point refers to is in a pack
// that is there, whole in length. Data: of a share of the packs every byte is read, and each record opened and each
// chunk's id computed again.
#pragma once

#include "repo/points.h"

namespace hf {

struct CheckRequest {
  double read_data =
      0;  // 0 … 1: the share of packs, by bytes, that is read in full; which ones moves on from day to day
  bool repair = false;  // index segments that are damaged or missing packs are rewritten from the trailers
  unsigned workers = 2;
  std::function<void(uint64_t bytes, uint64_t bytes_total)> progress;
};

struct Finding {
  enum class Severity : uint8_t { Note, Damage } severity = Severity::Damage;
  std::string object;  // its name, or a point's
  std::string what;    // what is wrong, and what it means for whom
  std::string hint;    // the command that mends it; "" if there is none
};

struct CheckOutcome {
  uint64_t objects = 0, packs = 0, packs_read = 0, bytes_read = 0, points = 0, chunks = 0;
  uint64_t packs_unreferenced = 0, bytes_unreferenced = 0;  // space that the next prune gives back: not damage
  std::vector<Finding> findings;
  std::vector<std::string> points_damaged;  // ids that cannot be restored in full
  bool repaired = false;
  bool sound() const;  // no Damage is left
};

Result<CheckOutcome> check_repository(Repository& repository, const CheckRequest& request, std::stop_token stop);

}  // namespace hf
