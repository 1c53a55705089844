// DryBackup: what a backup would read, found by the walk alone: nothing is read from files, run or written.
#pragma once

#include "app/source_words.h"
#include "repo/points.h"

namespace hf {

struct DrySource {
  std::string name, kind;
  uint64_t entries = 0, files = 0, bytes = 0;
  uint64_t files_to_read = 0, bytes_to_read = 0;  // new or changed since `base`
  std::vector<ProblemRecord> problems;
  std::string remark;  // of kinds that cannot be looked at without reading them
};

// `base`: the point before, if there is one.
Result<DrySource> dry_backup(Repository& repository, const PlannedSource& planned, Source& source, const Point* base,
                             std::stop_token stop);

}  // namespace hf
