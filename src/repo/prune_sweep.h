// Sweep: the second phase of prune: deletes what earlier prunes condemned, unless it is needed again.
#pragma once

#include "repo/prune.h"
#include "repo/session.h"
#include "repo/usage.h"

namespace hf {

struct SweepRequest {
  Duration grace{};
  Session* session = nullptr;  // the prune's own; null: nothing is written, only counted
};

// Sweeps the records that are due, and finishes what an interrupted sweep left. `survey` was just made. True if
// something was done: then the survey is out of date.
Result<bool> sweep(Repository& repository, const Survey& survey, const SweepRequest& request, PruneOutcome& outcome);

}  // namespace hf
