// A source's tree as a tar file, and what shape it has.
#pragma once

#include <functional>
#include <stop_token>

#include "repo/chunk_reader.h"
#include "repo/tree.h"

namespace hf {

struct TreeShape {
  bool is_plain = true;          // nothing but directories and a few files with one name and no extended attributes
  std::vector<TreeEntry> files;  // if it is plain
};
Result<TreeShape> look_at_tree(ChunkReader& chunks, const Root& tree, const std::stop_token& stop);

// Gzip-compressed; the same bytes each time. Sockets are left out: tar has none.
Status write_tree(ChunkReader& chunks, const Root& tree, const std::function<Status(BytesView)>& put,
                  const std::stop_token& stop);

}  // namespace hf
