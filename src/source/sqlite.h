// The `sqlite` kind: a consistent copy of a SQLite database that is in use, as a file of its name.
//
// The copy is a database file that stands alone: what is committed in the write-ahead log is in it, what is not
// committed is not. Rows and digests of all tables, of the same moment, are recorded with it, and prove() compares
// them. Writers are not held up in WAL mode; in the rollback modes they wait while pages and tables are read (fact
// read_lock_seconds).
#pragma once

#include "source/source.h"

namespace hf {

SourceKind sqlite_source_kind();

}  // namespace hf
