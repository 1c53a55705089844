// Capture: one source's stream of entries into the repository: where source meets repo.
//
// The source runs on the caller's thread; what it gives is handed over in batches to a thread named `cut`, which cuts,
// looks up and builds the tree, so that reading and hashing overlap.
#pragma once

#include <functional>

#include "repo/file_writer.h"
#include "repo/manifest.h"
#include "repo/repository.h"
#include "source/source.h"

namespace hf {

// Trees to look for unchanged files in, the best first: a checkpoint of this backup's last try, then the point before.
struct CaptureBase {
  std::vector<Root> trees;
};

struct CaptureResult {
  SourceRecord record;
  uint64_t bytes_read = 0;
  std::optional<Error> failure;  // the source's own; then there is no record
};

struct CaptureProgress {
  std::string path;
  uint64_t entries = 0, bytes = 0, bytes_read = 0;
};

struct CaptureOptions {
  std::string name, kind;
  CaptureBase base;
  // Called on the cut thread now and then with the tree so far, when it is due, and once more when the capture is
  // stopped: returns after the work until there is safe.
  std::function<Status(SourceRecord so_far)> checkpoint;
  std::function<bool()> checkpoint_due;
  std::function<void(const CaptureProgress&)>
      progress;  // about each 100 ms at most costs nothing; called on the cut thread
};

// Errors are the repository's, or Cancelled.
Result<CaptureResult> capture(Repository& repository, Pipeline& pipeline, Source& source, CaptureOptions options,
                              std::stop_token stop);

}  // namespace hf
