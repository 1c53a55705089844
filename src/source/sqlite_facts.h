// What a SQLite database holds, as numbers that can be compared: rows and a digest of each table, and of the schema.
//
// "Digests" in docs/FORMAT.md defines them. A digest does not depend on the order of rows, so it needs no sorting and
// no memory, and is the same after VACUUM. One pass over the rows: about 1 µs each.
#pragma once

#include "source/source.h"
#include "source/sqlite_database.h"

namespace hf {

// One row's values, encoded; then all rows of a table, in any order.
class TableDigest {
 public:
  void add(const SqliteRow& row);
  uint64_t rows() const { return rows_; }
  Bytes finish() const;

 private:
  uint64_t rows_ = 0;
  std::array<uint64_t, 4> sum_{};  // least significant first
  Bytes row_;                      // kept for its memory
};

struct DatabaseFacts {
  std::vector<TableFact> tables;     // by name
  std::vector<std::string> skipped;  // virtual tables, and what needs functions that only its own program has
  std::vector<std::string> damaged;
  std::string schema_digest;  // hex
};

// Of the moment that a transaction of `database` sees, or of each statement's own. Errors: of reading the schema;
// Cancelled.
Result<DatabaseFacts> read_facts(SqliteDatabase& database);

}  // namespace hf
