// Mark: what a manifest reaches: the heart of prune and check.
#pragma once

#include "repo/manifest.h"
#include "repo/repository.h"

namespace hf {

struct ChunkUse {
  PackKind kind;
  const ChunkId& id;
  std::string_view source;
  std::string_view path;  // of the file that needs it; "": it is a part of the tree
};

// Called for every chunk a point refers to, again and again for shared ones: for a metadata chunk before it is read.
using VisitChunk = std::function<Status(const ChunkUse&)>;
// Told of a part that cannot be read: of the content of the file `path`, or of the tree (""). The walk goes on behind
// it unless this returns an error.
using VisitLoss = std::function<Status(std::string_view path, const Error&)>;

// Walks trees and content lists of all sources. An error of reading them names the source; with `lost` it goes there.
Status visit_chunks(Repository& repository, const Manifest& manifest, const VisitChunk& visit,
                    const VisitLoss& lost = {});

// Those of `candidates` that the manifest needs: chunks that lie in no other pack count. NotFound if one is in no pack.
Result<std::vector<PackName>> packs_used(Repository& repository, const Manifest& manifest,
                                         const std::vector<PackName>& candidates);

}  // namespace hf
