// Mark: what a manifest reaches: the heart of prune and check.
#pragma once

#include "repo/manifest.h"
#include "repo/repository.h"

namespace hf {

// Called for every chunk a point refers to, again and again for shared ones. `length`: bytes of it used by that
// reference (data chunks).
using VisitChunk = std::function<Status(PackKind kind, const ChunkId& id, uint64_t length)>;

// Walks trees and content lists of all sources. An error of reading them names the source.
Status visit_chunks(Repository& repository, const Manifest& manifest, const VisitChunk& visit);

// Those of `candidates` that the manifest needs: chunks that lie in no other pack count.
Result<std::vector<PackName>> packs_used(Repository& repository, const Manifest& manifest,
                                         const std::vector<PackName>& candidates);

}  // namespace hf
