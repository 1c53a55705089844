// BackupPlan: which sets are to be backed up, each with its sources opened.
#pragma once

#include "app/session.h"
#include "app/source_words.h"
#include "backup/backup_run.h"

namespace hf {

struct SetPlan {
  std::string set;
  std::vector<PlannedSource> planned;
  std::vector<NamedSource> sources;  // one for each of `planned`
  bool is_selected = false;          // --source left out others of the set
  bool is_emergency = false;         // what fails, and be it to open, is left to the run to tell
};

// From the words of the command line: sources, or names of sets of the configuration (none: all of them).
// Nothing is read yet. Invalid or NotFound for what is not there.
Result<std::vector<SetPlan>> plan_backup(Context& context, const Settings& settings);
// So that walks go on while keys are derived.
void start_sources(SetPlan& plan);

}  // namespace hf
