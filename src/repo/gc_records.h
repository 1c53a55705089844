// GcRecords: what prunes have condemned and swept so far (docs/FORMAT.md, "Prune").
#pragma once

#include <unordered_set>

#include "repo/manifest.h"
#include "repo/repository.h"

namespace hf {

struct GcRecord {
  uint32_t number = 0;
  WallTime stored{};  // by the store's clock
  Condemned condemned;
  std::optional<Swept> swept;
};

struct GcRecords {
  std::vector<GcRecord> records;  // by number
  uint32_t newest() const { return records.empty() ? 0 : records.back().number; }
  // Manifests and checkpoints.
  bool is_forgotten(const std::string& object) const { return forgotten.contains(object); }
  // Packs condemned and not resurrected, by records above `after`.
  std::vector<PackName> condemned_packs(uint32_t after = 0) const;

  std::unordered_set<std::string> forgotten;
};

std::string condemned_object(uint32_t number);
std::string swept_object(uint32_t number);
// The highest number there is; 0: none.
Result<uint32_t> newest_gc_record(Repository& repository);
Result<GcRecords> read_gc_records(Repository& repository);
// Signs `record` and writes it under the first free number above `newest`; packs are sorted and the time is filled in.
// Its name; durable when it returns.
Result<std::string> write_condemned(Repository& repository, Condemned record, uint32_t newest);

}  // namespace hf
