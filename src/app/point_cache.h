// PointCache: ids and sets of a repository's newest points, kept on this machine for completion, which has no time to
// open a repository.
//
// A cache for convenience: written best-effort, readable by its owner alone, never believed for anything else.
#pragma once

#include "app/program.h"
#include "repo/points.h"

namespace hf {

struct RememberedPoint {
  std::string id, set, time;
};

// `place` names the store: Store::describe().
void remember_point(Context& context, const std::string& place, const Point& point);
void remember_points(Context& context, const std::string& place, const std::vector<Point>& points);
// Of all repositories, or of those at `place` ("" for all); newest first.
std::vector<RememberedPoint> remembered_points(Context& context, const std::string& place);

}  // namespace hf
