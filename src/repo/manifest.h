// Manifest: what one restore point consists of; and the other small messages that are signed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "repo/tree.h"

namespace hf {

struct TableRecord {
  std::string name;
  uint64_t rows = 0;
  Bytes digest;
};

struct ProblemRecord {
  std::string path;
  std::string what;
};

struct SourceRecord {
  std::string name, kind, base;
  Root tree;
  uint64_t entries = 0, files = 0, bytes = 0;
  bool complete = true;
  std::vector<ProblemRecord> problems;  // the first 1000
  uint64_t problem_count = 0;
  std::vector<TableRecord> tables;
  std::map<std::string, std::string> facts;
  Duration took{};
};

inline constexpr size_t problems_recorded_max = 1000;

enum class PointStatus : uint8_t { Complete, Partial, Checkpoint };
std::string_view name_of(PointStatus status);

struct Manifest {
  std::string set;
  uint64_t sequence = 0;
  Sha256 previous{};  // of the previous manifest object; zeros for the first
  WallTime started{}, finished{};
  PointStatus status = PointStatus::Complete;
  std::string kind, host, version;
  std::map<std::string, std::string> tags;
  std::vector<SourceRecord> sources;
  uint32_t epoch = 0;
  uint32_t gc_seen = 0;
  uint64_t bytes_read = 0, bytes_new = 0, bytes_stored = 0;
};

struct Head {
  uint64_t sequence = 0;
  Sha256 manifest{}, previous{};
  WallTime time{};
};

struct Forgotten {
  std::string name;  // manifests/<set>/<seq>
  std::string reason;
};

struct Condemned {
  std::vector<Forgotten> manifests;
  std::vector<std::string> checkpoints;
  std::vector<PackName> packs;
  WallTime time{};
};

struct Swept {
  std::vector<PackName> packs, resurrected;
  WallTime time{};
};

struct ProofCheck {
  std::string name;
  bool passed = false;
  Duration took{};
  std::string message;
};

struct Proof {
  std::string level;  // integrity, restored, complete, application
  bool passed = false;
  WallTime time{};
  Duration took{};
  std::vector<ProofCheck> checks;
  std::string host, version;
};

Bytes encode(const Manifest& manifest);
Bytes encode(const Head& head);
Bytes encode(const Condemned& condemned);
Bytes encode(const Swept& swept);
Bytes encode(const Proof& proof);
// Corrupt unless `bytes` are exactly what encode() gives for what they say.
Result<Manifest> decode_manifest(BytesView bytes);
Result<Head> decode_head(BytesView bytes);
Result<Condemned> decode_condemned(BytesView bytes);
Result<Swept> decode_swept(BytesView bytes);
Result<Proof> decode_proof(BytesView bytes);

}  // namespace hf
