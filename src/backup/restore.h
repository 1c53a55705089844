// Restore: a point's files back into a directory, byte for byte, and never outside it.
//
// Every path is opened beneath the destination without following links (sys/fs.h), so neither the point nor somebody
// working in the destination can lead a write elsewhere. A file appears under its name only when it is whole. What is
// damaged is named and left out; all else is restored.
#pragma once

#include <functional>

#include "repo/points.h"
#include "sys/fs.h"

namespace hf {

enum class RestoreMode : uint8_t {
  New,        // into an empty or missing directory; Refused otherwise
  Overwrite,  // over what is there: only what differs is written, nothing else is touched
  Clean,      // and what the point does not have is removed
};

struct RestoredSource;

struct RestoreRequest {
  std::string destination;
  RestoreMode mode = RestoreMode::New;
  std::vector<std::string> sources;  // empty: all
  std::vector<std::string> paths;    // of the sources' trees, each with all below it; empty: all
  bool setuid = false;               // keep setuid, setgid and file capabilities
  bool devices = false;              // make device nodes
  bool compare_content = false;      // Overwrite, Clean: do not believe size and time
  bool durable = true;               // false for scratch: nothing waits for the disk
  unsigned workers = 2;
  std::function<void(uint64_t bytes, uint64_t bytes_total)> progress;  // of the source at hand; costs nothing
  std::function<void(const SourceRecord&)> on_begin;                   // before each source, and after it
  std::function<void(const RestoredSource&)> on_end;
};

struct RestoredSource {
  std::string name, kind, path;
  bool complete = true;
  uint64_t files = 0, entries = 0, bytes = 0;  // of the point, that are now in place
  uint64_t bytes_written = 0;
  uint64_t removed = 0;                 // Clean
  std::vector<ProblemRecord> problems;  // not restored; the first 1000
  uint64_t problem_count = 0;
  std::vector<ProblemRecord> notes;  // metadata that this system or user cannot set, nodes left out; the first 1000
  uint64_t rows = 0;                 // of its tables, if it is a database
  Duration took{};
};

struct RestoreOutcome {
  Duration took{};
  std::vector<RestoredSource> sources;
  bool complete() const;
};

// Refused: something is there, so that RestoreMode::New does not restore into it.
Status check_empty(Fs& fs, const std::string& destination);
// All is on stable storage when it returns (unless `durable` is off). Refused: the destination is not empty. NotFound:
// no such source or path in the point.
Result<RestoreOutcome> restore_point(Repository& repository, const Point& point, const RestoreRequest& request,
                                     std::stop_token stop);

// What a restore would overwrite and remove in the destination, without touching it.
struct RestorePreview {
  uint64_t files_new = 0, files_changed = 0, files_same = 0, removed = 0, bytes_to_write = 0, space_free = 0;
};
Result<RestorePreview> preview_restore(Repository& repository, const Point& point, const RestoreRequest& request,
                                       std::stop_token stop);

}  // namespace hf
