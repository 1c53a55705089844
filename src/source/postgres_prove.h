// Proof that a postgres source can be restored: it is, into a temporary instance, and what is there then is counted,
// digested and compared, table by table.
#pragma once

#include "source/source.h"

namespace hf {

// Needs the server's programs of the recorded major or a newer one, and a user to run them as. The instance is in
// Proved::running. What does not load, or is not as recorded, is a check that did not pass.
Result<Proved> prove_postgres(const SourceWorld& world, const ProveRequest& request);

}  // namespace hf
