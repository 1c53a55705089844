// What a backup tells: as text, as a document, as events.
#pragma once

#include "app/program.h"
#include "backup/backup_run.h"

namespace hf {

JsonObject backup_document(const BackupOutcome& outcome, bool all_problems);
void print_backup(Out& out, const BackupOutcome& outcome);
// The counters of every stage that did something.
void print_perf(Out& out, const Meter& meter);
JsonArray perf_document(const Meter& meter);

// Of a source that failed: why, and what mends it.
void print_failure(Out& out, std::string_view source, const Error& error);

// "path: what" for the first 20 (or all), then how many more.
void print_problems(Out& out, std::string_view source, const std::vector<ProblemRecord>& problems, uint64_t count);
JsonArray problems_document(const std::vector<ProblemRecord>& problems, bool all);

}  // namespace hf
