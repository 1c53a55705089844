// ExtraEntries: what stands in a destination and not in a point's tree.
//
// The destination is walked in the order of the tree, which is read along: memory is one directory's names a level, and
// one leaf of the tree, however many files there are.
#pragma once

#include <functional>

#include "repo/chunk_reader.h"
#include "repo/tree.h"
#include "sys/fs.h"

namespace hf {

struct ExtraEntry {
  Directory& parent;
  const std::string& name;
  const std::string& path;  // from `root`
  bool is_directory = false;
};

// Calls `visit` for each, in order; not for what is below an extra directory. It may remove what it is called for.
Status each_extra(ChunkReader& chunks, const Root& tree, Directory& root,
                  const std::function<Status(const ExtraEntry&)>& visit, const std::stop_token& stop);

}  // namespace hf
