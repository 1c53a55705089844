// BackupRun: a set of sources to one restore point, all or nothing.
//
// A point exists from the moment its signed manifest is durable, and everything it refers to was durable before. Until
// then a crash, a kill or a power loss leaves only work that the next run finds again.
#pragma once

#include "backup/capture.h"
#include "repo/points.h"

namespace hf {

// Kinds of points: with all sources of the set, or with those alone that were asked for.
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
  std::map<std::string, std::string> tags;
  std::string host, version;
  std::optional<WallTime> taken;  // when what the sources give was taken, if that was not now
  PipelineOptions pipeline;
  Duration checkpoint_every = std::chrono::minutes(10);
  std::function<void(const BackupProgress&)> progress;
};

struct BackupOutcome {
  Point point;
  Duration took{};
  uint64_t bytes_read = 0, bytes_new = 0, bytes_stored = 0;
};

// Any source's error is the run's: then there is no point. What single files could not be read makes the point partial.
Result<BackupOutcome> run_backup(Repository& repository, BackupRequest request, std::stop_token stop);

}  // namespace hf
