// Points: the restore points of a repository, and how one more is committed.
#pragma once

#include "repo/manifest.h"
#include "repo/repository.h"

namespace hf {

struct Point {
  PointId id;
  std::string object;  // manifests/<set>/<seq>
  Sha256 digest{};     // of the manifest object
  Manifest manifest;
};

struct PointList {
  std::vector<Point> points;            // by set, then by sequence
  std::vector<std::string> unreadable;  // objects, each with why
};

PointId point_id(const Sha256& manifest_digest);
std::string short_id(const PointId& id);  // as people read it: the first ten digits
std::string manifest_object(std::string_view set_directory, uint64_t sequence);

// Every point that no prune has forgotten. `set`: only that one. A manifest that cannot be opened is listed as
// unreadable, not fatal. KeyMissing if a set's newest head is older than one seen here before, or is another: somebody
// showed an old state.
Result<PointList> list_points(Repository& repository, const std::optional<std::string>& set = std::nullopt);
Result<Point> load_point(Repository& repository, const std::string& object);

// The newest complete or partial point of the set; nothing if there is none.
Result<std::optional<Point>> newest_point(Repository& repository, const std::string& set);

// The number in the name of a manifest or a head; nothing if it is not one's name.
std::optional<uint64_t> sequence_of(std::string_view object);
// The number of the newest head that the repository shows of the set, whatever was seen before; 0: none.
Result<uint64_t> newest_head_shown(Repository& repository, const std::string& set);

// What a person says of a set whose older state was put in place on purpose: its newest head is the one to believe from
// now on. Its number.
Result<uint64_t> accept_rollback(Repository& repository, const std::string& set);

// Signs and writes `manifest` as the set's next point, then its head. Both are durable when it returns: only now may
// the point be acknowledged. Sequence and previous are filled in. Requires: all that it refers to is durable.
Result<Point> commit_point(Repository& repository, Manifest manifest);

// Checkpoints: manifests of unfinished backups.
Result<std::string> commit_checkpoint(Repository& repository, Manifest manifest, const std::string& session,
                                      uint32_t number);
Result<std::vector<Point>> list_checkpoints(Repository& repository,
                                            const std::optional<std::string>& set = std::nullopt);

// Signed proofs of a point, oldest first.
Status attach_proof(Repository& repository, const Point& point, const Proof& proof);
Result<std::vector<Proof>> list_proofs(Repository& repository, const Point& point);

}  // namespace hf
