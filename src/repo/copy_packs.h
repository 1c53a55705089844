// CopyPacks: whole packs from one copy of a repository to another, in several streams.
//
// A pack goes as the object it is, of which the hash of the bytes must be the name and the trailer must open: what is
// damaged at its origin is never copied. Memory: one pack a stream; large ones go one at a time.
#pragma once

#include <functional>

#include "repo/copy_plan.h"

namespace hf {

struct CopyPacksRequest {
  unsigned streams = 4;
  std::function<void(uint64_t bytes)> progress;  // more of them are there; called by one thread at a time
};

struct CopiedPacks {
  uint64_t packs = 0, bytes = 0;     // written
  std::vector<std::string> damaged;  // objects of the origin, each with why: not copied
};

// Afterwards those copied are durable, and in the index of `to`, durable. Chunks of packs that a gc record of `to`
// names
// (`not_by_name`) are stored again in new packs. Errors are those of the stores.
Result<CopiedPacks> copy_packs(Repository& from, Repository& to, const NeededPacks& packs, const PackSet& not_by_name,
                               const CopyPacksRequest& request, std::stop_token stop);

}  // namespace hf
