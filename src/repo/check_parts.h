// The parts of a check, for check.cc: each adds what it finds and goes on.
#pragma once

#include "repo/check.h"
#include "repo/usage.h"

namespace hf {

struct CheckState {
  Repository& repository;
  const CheckRequest& request;
  CheckOutcome& outcome;
  GcRecords gc;
  std::vector<Point> points;               // that can be read and are not forgotten
  std::set<std::string> damaged;           // short ids
  StoredPacks packs;                       // in the store
  std::map<PackName, std::string> broken;  // packs, with what is wrong

  void damage(std::string object, std::string what, std::string hint = "");
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
// Index segments against the packs' trailers. With repair, what was wrong with the index is mended.
Status check_index(CheckState& state);
// Opens every record of the chosen share of the packs.
Status check_data(CheckState& state, std::stop_token stop);

}  // namespace hf
