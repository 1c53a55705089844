// Choosing: the point a person means, and the place in it that a path means.
#pragma once

#include <string>
#include <vector>

#include "repo/points.h"

namespace hf {

// Digits of a point's id that people see; at least four of them name it.
inline constexpr size_t id_digits_shown = 10;
std::string shown_id(const PointId& id);

// `text`: "latest", the name of a set (its newest point), or the first digits of a point's id. NotFound, with the
// nearest set as hint; Invalid if the digits fit several.
Result<Point> choose_point(const std::vector<Point>& points, const std::string& text);
// The same from the repository; reads no more points than it must.
Result<Point> choose_point(Repository& repository, const std::string& text);

// A path as people type it: SOURCE/PATH, or PATH where the point has one source, or the absolute path it had at its
// origin.
struct PlaceInPoint {
  const SourceRecord* source = nullptr;  // null: the top, above all sources
  std::string path;                      // in the source's tree
};
Result<PlaceInPoint> choose_place(const Point& point, std::string path);

}  // namespace hf
