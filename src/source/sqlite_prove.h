// Proof that a restored SQLite database is whole and holds what was recorded when it was backed up.
#pragma once

#include "source/source.h"

namespace hf {

// Does not write to the database, nor beside it. What is wrong with it is a check that did not pass, not an error.
Result<std::vector<CheckResult>> prove_sqlite(const SourceWorld& world, const std::string& directory,
                                              const RecordedSource& recorded);

}  // namespace hf
