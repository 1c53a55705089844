// SpooledTree: what a tar file has, put aside and in canonical order, which tar files need not be in.
//
// Names are kept in memory (about 500 bytes an entry) and content in the spool: nothing of what a stranger's archive
// says becomes a name on this machine.
#pragma once

#include "exchange/spool.h"
#include "source/source.h"

namespace hf {

struct SpooledEntry {
  Entry entry;
  uint64_t begin = 0;             // in the spool
  std::vector<DataRange> ranges;  // that were written, in the file; they may be fewer than its size has
};

struct SpooledTree {
  std::vector<SpooledEntry> entries;  // in canonical order, the root first
  const SpooledEntry* find(std::string_view path) const;
};

// Later entries of a name replace earlier ones, directories that are missing are made, as tar does. Corrupt, Refused:
// as TarReader; Corrupt too for a name below something that is no directory, and a hard link to what is not there.
Result<SpooledTree> spool_tar(ByteRange tar, Spool& spool, const std::stop_token& stop);

Status give_tree(const SpooledTree& tree, const Spool& spool, Sink& sink, Previous& previous,
                 const std::stop_token& stop);

}  // namespace hf
