// Restoring a postgres source into a server: a new one of our making, or one that runs.
#pragma once

#include "source/source.h"

namespace hf {

// Invalid, with what to write instead, if the request names no server, two, or what cannot be done there.
Result<std::unique_ptr<Load>> make_postgres_load(const SourceWorld& world, const RecordedSource& recorded,
                                                 const LoadRequest& request);

}  // namespace hf
