// Would a backup of a postgres source succeed: looked at without reading any row, for `doctor`.
#pragma once

#include "source/postgres_server.h"

namespace hf {

// In order: connection, programs, roles, standby, exclude, and `database.NAME` for each that is backed up.
std::vector<SourceFinding> examine_postgres(const SourceWorld& world, const PostgresSpec& spec, std::stop_token stop);

}  // namespace hf
