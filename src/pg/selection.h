// PgSelection: some tables or schemas of a database, and what of an archive they need.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pg/archive.h"
#include "pg/toc.h"

namespace hf {

struct PgSelection {
  std::vector<std::string> tables;  // "schema.table" as names are, without quotes; or "table" in whatever schema
  std::vector<std::string> schemas;
};

struct PgSelected {
  std::set<int> items;                    // of the archive
  std::vector<const PgTocTable*> tables;  // whose rows are loaded
  std::vector<std::string> left_out;      // what belongs to them and is not restored, for a person
};

// What is chosen, all that it needs (types, functions, sequences, the parents of partitions), and what belongs to it
// (indexes, keys, triggers, policies). Foreign keys to tables that are not chosen are left out. NotFound, naming it: a
// table or schema that the point does not have.
Result<PgSelected> select_items(const std::vector<PgArchiveItem>& items, const PgToc& toc,
                                const PgSelection& selection);

}  // namespace hf
