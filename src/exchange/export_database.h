// A database of a postgres source's tree as the one archive that pg_restore reads.
#pragma once

#include "exchange/export_files.h"
#include "pg/toc.h"

namespace hf {

struct DatabaseTree {
  std::string directory;  // below databases/
  PgToc toc;
  TreeEntry schema;
  std::map<std::string, TreeEntry> rows;  // by PgTocTable::file
};

struct DatabaseTrees {
  std::vector<DatabaseTree> databases;
  std::vector<TreeEntry> globals;  // one, or none
};

// Corrupt: it is not what docs/POSTGRES.md describes.
Result<DatabaseTrees> read_database_trees(ChunkReader& chunks, const Root& tree, const std::stop_token& stop);
// `is_compressed`: with zlib; then its length and offsets are known only when it is written.
Result<std::unique_ptr<ExportFile>> export_database(ChunkReader& chunks, DatabaseTree tree, bool is_compressed,
                                                    std::stop_token stop);

}  // namespace hf
