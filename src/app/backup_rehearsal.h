// BackupRehearsal: `backup --dry-run`: what a backup of a set would read, and in an emergency what would fail.
#pragma once

#include "app/backup_plan.h"

namespace hf {

// Against the set's newest point in `repository`. Nothing is written.
Result<JsonObject> rehearse_backup(Context& context, Repository& repository, SetPlan& plan);

}  // namespace hf
