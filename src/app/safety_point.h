// SafetyPoint: what a destructive restore is about to replace, saved before anything is changed.
//
// It goes to every copy. One that lags is told and is no reason to stop: the point is safe in the first.
#pragma once

#include "app/copy_sync.h"
#include "repo/points.h"
#include "source/source.h"

namespace hf {

struct SafetyRequest {
  const SourceKind& kind;
  std::string source;  // its name
  SourceOptions options;
  std::string replaced;  // the database, for people
  PointId restored;      // what comes in its place
};

struct SafetyPoint {
  Point point;
  std::vector<SyncedCopy> copies;  // nothing if there is one place only
};

// `opened`: any copy, for its keys. An error means that nothing was changed, and that nothing may be.
Result<SafetyPoint> take_safety_point(Context& context, const Settings& settings, const Repository& opened,
                                      const SafetyRequest& request);

}  // namespace hf
