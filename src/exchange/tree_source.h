// Sources of what was put aside: trees out of tar files, and single files.
#pragma once

#include "exchange/spooled_tree.h"

namespace hf {

// Both must outlive it.
std::unique_ptr<Source> make_tree_source(const SpooledTree& tree, const Spool& spool);

struct PlainMember {
  std::string path;  // in the tree
  ByteRange bytes;
  WallTime mtime{};
};
// Directories above them are made.
std::unique_ptr<Source> make_members_source(const SourceWorld& world, std::vector<PlainMember> members);

}  // namespace hf
