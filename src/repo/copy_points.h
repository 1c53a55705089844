// CopyPoints: brings one copy of a repository up to date from another: points, ledgers and proofs that it lacks.
//
// At any moment, whatever is cut off, the copy is a valid older repository: packs, one barrier, their index, then in
// the order of their numbers each manifest and its head. It is written to as a backup writes: with a session, and
// beside prunes. Nothing is overwritten. Sets that went apart are told and left as they are.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repo/repository.h"

namespace hf {

struct CopyRequest {
  std::optional<std::set<std::string>> sets;  // by name; nothing: all
  std::set<std::string> but;                  // sets that the copy is not to have
  bool refill = false;                        // of the points that are there already, too, bring chunks that are lost
  bool dry_run = false;
  std::set<std::string>* counted = nullptr;  // dry_run: objects that another copy would give, so are not counted again
  unsigned streams = 4;
  std::function<void(uint64_t bytes, uint64_t bytes_total)> progress;  // of packs; total so far known
};

struct Diverged {
  std::string set;      // its directory
  uint64_t number = 0;  // the first of which the two copies say different things
};

struct CopyOutcome {
  uint64_t points = 0, heads = 0, proofs = 0;
  uint64_t packs = 0, bytes = 0;  // written; with dry_run: that would be
  std::vector<Diverged> diverged;
  std::vector<std::string> problems;  // what could not be copied, by name, and why
  bool is_whole() const { return diverged.empty() && problems.empty(); }
};

// Requires: the keys were copied (copy_keys.h), and `to` was opened after that. Failed, Corrupt or Unavailable of `to`
// itself; what is damaged in `from` is a problem, and other points go on.
Result<CopyOutcome> copy_points(Repository& from, Repository& to, const CopyRequest& request, std::stop_token stop);

}  // namespace hf
