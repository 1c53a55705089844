// The `postgres` kind: the databases of a PostgreSQL server, dumped logically while they are used.
//
// Each database is of one moment, shared by pg_dump and the sessions that read the tables; databases follow each other,
// and globals come last. Nothing is written to disk on the way. Rows and digests of all tables are recorded, taken in
// that moment by the readers. docs/POSTGRES.md says what is in a point, and what is not.
#pragma once

#include "source/source.h"

namespace hf {

SourceKind postgres_source_kind();

}  // namespace hf
