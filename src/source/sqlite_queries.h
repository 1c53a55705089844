// Queries to a SQLite database: a restored one, which nobody writes to, or the one in use.
#pragma once

#include "source/source.h"

namespace hf {

Result<std::unique_ptr<Queries>> query_restored_sqlite(const SourceWorld& world, const RestoredPlace& place);
Result<std::unique_ptr<Queries>> query_live_sqlite(const SourceWorld& world, const SourceOptions& options);

}  // namespace hf
