// How a point, an entry and a proof are shown.
#pragma once

#include "app/json.h"
#include "repo/emergency.h"
#include "repo/points.h"

namespace hf {

// The newest proof, or null.
Json proof_document(const std::vector<Proof>& proofs);
std::string proof_text(const std::vector<Proof>& proofs);  // "complete 2026-11-20", "FAILED 2026-11-20", "-"
uint64_t bytes_of(const Manifest& manifest);
// " (only uploads, notes; failed: db)" of a point that has not all sources of its set; else "".
std::string only_text(const Manifest& manifest);
// "uploads notes", "only uploads; failed: db": for a column.
std::string sources_text(const Manifest& manifest);
// What is told of a source that failed among those that did not.
JsonObject failure_document(const FailedSource& failed);
// Without those that say which source failed.
std::string tags_text(const std::map<std::string, std::string>& tags);

std::string_view type_name(FileType type);
std::string mode_text(const FileInfo& info);  // "drwxr-xr-x"
JsonObject entry_document(const Entry& entry, const std::string& path);
std::string time_text(WallTime time);  // "2026-11-21 02:00:00"

}  // namespace hf
