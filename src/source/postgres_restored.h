// A postgres source's tree as it was restored: which databases are in it, and what they are loaded with.
#pragma once

#include "pg/load_database.h"
#include "source/source.h"

namespace hf {

struct PostgresStaged {
  std::string name;  // of the database
  std::string path;  // in the tree: "databases/shop"
  std::unique_ptr<Directory> directory;
  PgToc toc;
};

// All databases of the tree, or those of `names`. Corrupt: one without a toc.json that can be read. NotFound: the tree
// does not have one of `names`.
Result<std::vector<PostgresStaged>> find_staged(Fs& fs, const std::string& directory,
                                                const std::vector<std::string>& names);

PgWorld pg_world(const SourceWorld& world);
// The major of the server that it was dumped from. Corrupt if that is not recorded.
Result<int> recorded_major(const RecordedSource& recorded);
// The role that the server's own objects belong to.
std::string recorded_superuser(const RecordedSource& recorded);

}  // namespace hf
