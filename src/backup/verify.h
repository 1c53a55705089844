// Verify: proof by restoring, not by looking.
//
// integrity: every byte of the point is read, decrypted, decompressed and held against its id.
// restored:  it is restored into a scratch directory, and every file there is read again and compared, byte for byte
// and in its metadata. complete:  and each source's own judgement of what was restored (integrity_check, row counts and
// digests of tables), and the counts of entries,
//            files and bytes against what the manifest recorded.
// application: and the operator's own checks of it pass.
// A later level includes the earlier ones. The proof can be signed and attached to the point.
#pragma once

#include "backup/restore.h"
#include "source/source.h"

namespace hf {

enum class ProofLevel : uint8_t { Integrity, Restored, Complete, Application };
std::string_view name_of(ProofLevel level);
std::optional<ProofLevel> parse_proof_level(std::string_view name);

struct RestoredPoint {
  std::string directory;                        // each source in a directory of its name
  std::map<std::string, RunningCopy*> running;  // by source
};

struct VerifyRequest {
  ProofLevel level = ProofLevel::Complete;
  std::string scratch;  // a directory that exists; a new one is made in it and removed afterwards
  std::vector<SourceKind> source_kinds;
  std::string host, version;
  unsigned workers = 2;
  // Application: judges what was restored while it stands, and gives each result to `add`.
  std::function<Status(const RestoredPoint&, const std::function<void(ProofCheck)>& add)> application;
  std::function<void(const std::string& step, bool begins)> on_step;  // "app-db: restore"; before it and after it
  std::function<void(const ProofCheck&)> on_check;
  std::function<void(const std::string& step, uint64_t bytes, uint64_t bytes_total)> progress;
};

// Failed checks are in the proof, named; an error means that there could be no judgement.
Result<Proof> verify_point(Repository& repository, const Point& point, const SourceWorld& world,
                           const VerifyRequest& request, std::stop_token stop);

}  // namespace hf
