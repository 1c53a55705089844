// Queries to a PostgreSQL server: the temporary instance that a point was restored into, or the one in use.
//
// A statement is asked through a cursor in a transaction that may only read, in parts, so that memory does not grow
// with the answer and nothing but a query is taken.
#pragma once

#include "source/source.h"

namespace hf {

// Unsupported if there is no instance.
Result<std::unique_ptr<Queries>> query_restored_postgres(const SourceWorld& world, const RestoredPlace& place);
Result<std::unique_ptr<Queries>> query_live_postgres(const SourceWorld& world, const SourceOptions& options);

}  // namespace hf
