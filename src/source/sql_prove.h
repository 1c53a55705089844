// Proof that a plain SQL script can be restored: psql runs it in a temporary instance, and must not meet an error.
#pragma once

#include "source/source.h"

namespace hf {

Result<Proved> prove_sql(const SourceWorld& world, const ProveRequest& request);

}  // namespace hf
