// Repack: what is still reached in packs that are mostly dead, copied to new packs.
#pragma once

#include "repo/pipeline.h"
#include "repo/usage.h"

namespace hf {

struct RepackSource {
  PackName name;
  PackKind kind = PackKind::Data;
  uint64_t size = 0;
  std::vector<bool> live;  // by chunk
};

// How much of the pack is worth keeping, from its own table: 0 … 1, by raw bytes. Corrupt if the table cannot be read.
Result<double> live_share(Repository& repository, const RepackSource& pack);

// Adds the live chunks of one pack, with their pieces, to a pipeline, which may be of another copy.
Status copy_chunks(Repository& from, Pipeline& into, const RepackSource& pack, std::stop_token stop);

// Reads every live chunk of `packs` and stores it again, with its pieces; all is durable and indexed when it returns.
// Chunks in packs that the index excludes count as absent. Requires: `packs` are excluded from the index.
Status repack(Repository& repository, const std::vector<RepackSource>& packs, std::stop_token stop);

}  // namespace hf
