// Files of a point's trees: walked from a path, and read as a stream.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "repo/chunk_reader.h"
#include "repo/tree.h"

namespace hf {

// `path` and all below it, in order. Returns whether there was any. Stops at the first error `visit` returns.
Result<bool> walk_tree(ChunkReader& chunks, const Root& tree, const std::string& path,
                       const std::function<Status(const TreeEntry&)>& visit, std::stop_token stop);

// The file's bytes in order, holes as zeros; each record of the repository is opened once where its chunks follow each
// other. Corrupt, after the last byte, if there is a digest of the whole and it is another.
Status read_content(ChunkReader& chunks, const ContentRef& content, const std::function<Status(BytesView)>& give,
                    std::stop_token stop);

// "uploads/images/logo.png".
std::string shown_path(const std::string& source, const std::string& path);

}  // namespace hf
