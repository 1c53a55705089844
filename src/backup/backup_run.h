// BackupRun: a set of sources to one restore point: all of them or nothing, or in an emergency those that can be saved.
//
// A point exists from the moment its signed manifest is durable, and everything it refers to was durable before. Until
// then a crash, a kill or a power loss leaves only work that the next run finds again.
#pragma once

#include "backup/capture.h"
#include "repo/emergency.h"
#include "repo/points.h"

namespace hf {

// Kinds of points: with all sources of the set, or with some: those that were asked for, or could be saved.
inline constexpr std::string_view kind_full = "full", kind_selected = "selected";
inline bool is_whole(const Manifest& manifest) {
  return manifest.kind != kind_selected;
}
bool has_source(const Manifest& manifest, const std::string& name);
// The newest point that has the source; nothing if none has.
Result<std::optional<Point>> newest_point_with(Repository& repository, const std::string& set,
                                               const std::string& source);

struct NamedSource {
  std::string name, kind;
  std::unique_ptr<Source> source;
};

struct BackupProgress {
  std::string source;
  CaptureProgress capture;
  uint64_t bytes_new = 0, bytes_stored = 0;
};

struct BackupRequest {
  std::string set;
  std::vector<NamedSource> sources;  // start() has been called
  std::string kind{kind_full};
  // A source that fails does not end the run: the point has the others, and names it. The point is marked, and stays
  // until it is given up by name.
  bool is_emergency = false;
  std::map<std::string, std::string> tags;
  std::string host, version;
  std::optional<WallTime> taken;  // when what the sources give was taken, if that was not now
  PipelineOptions pipeline;
  Duration checkpoint_every = std::chrono::minutes(10);
  std::function<void(const BackupProgress&)> progress;
};

// A source that is not in the point. What the manifest tells of it is this error's message.
struct SourceFailure {
  std::string name, kind;
  Error error;
};

struct BackupOutcome {
  Point point;
  std::vector<SourceFailure> failed;
  Duration took{};
  uint64_t bytes_read = 0, bytes_new = 0, bytes_stored = 0;
};

// Any source's error is the run's: then there is no point; in an emergency only when none could be saved. What single
// files could not be read, or a source that failed, makes the point partial. The repository's errors always end the
// run.
Result<BackupOutcome> run_backup(Repository& repository, BackupRequest request, std::stop_token stop);

}  // namespace hf
