// Choosing: the point a person means, and the place in it that a path means.
#pragma once

#include <string>
#include <vector>

#include "app/program.h"
#include "repo/points.h"

namespace hf {

// Digits of a point's id that people see; at least four of them name it.
inline constexpr size_t id_digits_shown = 10;
std::string shown_id(const PointId& id);

// `text`: "latest", the name of a set (its newest point), or the first digits of a point's id. The newest is that of
// the points that have all sources of their set, or all of `sources` where some are named; only where there is none, of
// any. NotFound, with the nearest set as hint; Invalid if the digits fit several.
Result<Point> choose_point(const std::vector<Point>& points, const std::string& text,
                           const std::vector<std::string>& sources = {});
// The same from the repository; reads no more points than it must. Says so if the point is not the whole set, or if a
// newer one was passed over because of that.
Result<Point> choose_point(Context& context, Repository& repository, const std::string& text,
                           const std::vector<std::string>& sources = {});
// By the first digits of a point's id, at least four, and nothing else: Invalid if they are no digits or fit several,
// NotFound if none.
Result<Point> point_by_digits(const std::vector<Point>& points, const std::string& digits);
// Whether `a` is to be preferred for "the newest" without more words.
bool is_newer_whole(const Point& a, const Point& b);

// A path as people type it: SOURCE/PATH, or PATH where the point has one source, or the absolute path it had at its
// origin.
struct PlaceInPoint {
  const SourceRecord* source = nullptr;  // null: the top, above all sources
  std::string path;                      // in the source's tree
};
Result<PlaceInPoint> choose_place(const Point& point, std::string path);

}  // namespace hf
