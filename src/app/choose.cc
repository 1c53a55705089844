#include "app/choose.h"

#include <algorithm>

#include "app/point_text.h"
#include "backup/backup_run.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t id_digits_min = 4;

// One that has what is asked for comes before one that has not, however new.
bool is_newer(const Point& a, const Point& b, const std::vector<std::string>& sources) {
  const auto serves = [&](const Point& point) {
    if (sources.empty()) return is_whole(point.manifest);
    return std::all_of(sources.begin(), sources.end(),
                       [&](const std::string& source) { return has_source(point.manifest, source); });
  };
  const bool a_serves = serves(a);
  return a_serves != serves(b) ? a_serves : a.manifest.started >= b.manifest.started;
}

const Point* newest_of(const std::vector<Point>& points, const std::string* set,
                       const std::vector<std::string>& sources) {
  const Point* newest = nullptr;
  for (const Point& point : points) {
    if (set != nullptr && point.manifest.set != *set) continue;
    if (newest == nullptr || is_newer(point, *newest, sources)) newest = &point;
  }
  return newest;
}

bool is_id_prefix(const std::string& text) {
  return text.size() >= id_digits_min && text.size() <= 2 * PointId::size &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

Error no_such_point(const std::vector<Point>& points, const std::string& text) {
  if (points.empty())
    return Error(Code::NotFound, "the repository has no points yet").with_hint("holdfast backup makes one");
  std::vector<std::string> sets;
  for (const Point& point : points) sets.push_back(point.manifest.set);
  const std::optional<std::string> near = closest(text, sets);
  return Error(Code::NotFound, "no point or set is named " + printable(text))
      .with_hint(near ? "did you mean " + *near + "?" : "holdfast list shows all points");
}

// A path without slashes at its ends and without empty and `.` components.
std::string folded(const std::string& path) {
  std::string out;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string component = path.substr(at, end - at);
    if (!component.empty() && component != ".") out += (out.empty() ? "" : "/") + component;
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string shown_id(const PointId& id) {
  return id.hex().substr(0, id_digits_shown);
}

bool is_newer_whole(const Point& a, const Point& b) {
  return is_newer(a, b, {});
}

Result<Point> point_by_digits(const std::vector<Point>& points, const std::string& digits) {
  if (!is_id_prefix(digits))
    return Error(Code::Invalid, printable(digits) + " is not the first digits of a point's id: at least " +
                                    std::to_string(id_digits_min) + " of 0-9 and a-f")
        .with_hint("holdfast list shows all points");
  const Point* found = nullptr;
  for (const Point& point : points) {
    if (!point.id.hex().starts_with(digits)) continue;
    if (found != nullptr)
      return Error(Code::Invalid, "several points begin with " + digits).with_hint("give more of its digits");
    found = &point;
  }
  if (found == nullptr)
    return Error(Code::NotFound, "no point begins with " + digits).with_hint("holdfast list shows all points");
  return *found;
}

Result<Point> choose_point(const std::vector<Point>& points, const std::string& text,
                           const std::vector<std::string>& sources) {
  if (text == "latest") {
    if (const Point* point = newest_of(points, nullptr, sources)) return *point;
    return no_such_point(points, text);
  }
  if (const Point* point = newest_of(points, &text, sources)) return *point;
  if (!is_id_prefix(text)) return no_such_point(points, text);
  Result<Point> found = point_by_digits(points, text);
  if (!found.ok() && found.error().code() == Code::NotFound) return no_such_point(points, text);
  return found;
}

namespace {

// So that nobody takes some sources for the whole set, or misses what is newer.
void note_selected(Out& out, const std::vector<Point>& points, const Point& chosen, const std::string& text,
                   const std::vector<std::string>& sources) {
  const Manifest& manifest = chosen.manifest;
  if (!is_whole(manifest) && sources.empty())
    out.remark("note: point " + shown_id(chosen.id) + only_text(manifest) + " is not the whole set " +
               printable(manifest.set));
  if (text != "latest" && text != manifest.set) return;
  const Point* newer = nullptr;
  for (const Point& point : points)
    if (point.manifest.set == manifest.set && !is_whole(point.manifest) &&
        point.manifest.started > (newer == nullptr ? manifest : newer->manifest).started)
      newer = &point;
  if (newer != nullptr)
    out.remark("note: point " + shown_id(newer->id) + only_text(newer->manifest) + " of " + printable(manifest.set) +
               " is newer than this one, " + shown_id(chosen.id) + ", which is the newest with all that is asked for");
}

}  // namespace

Result<Point> choose_point(Context& context, Repository& repository, const std::string& text,
                           const std::vector<std::string>& sources) {
  if (text != "latest") {
    std::optional<Point> point = HF_TRY(newest_point(repository, text));
    if (point && is_whole(point->manifest)) return std::move(*point);
  }
  const PointList list = HF_TRY(list_points(repository));
  if (list.points.empty() && !list.unreadable.empty())
    return Error(Code::Corrupt, "no point can be read: " + list.unreadable.front())
        .with_hint("holdfast check --repair");
  Point chosen = HF_TRY(choose_point(list.points, text, sources));
  note_selected(context.out, list.points, chosen, text, sources);
  return chosen;
}

Result<PlaceInPoint> choose_place(const Point& point, std::string path) {
  const std::vector<SourceRecord>& sources = point.manifest.sources;
  const bool is_absolute = path.starts_with('/');
  path = folded(path);
  if (path.empty()) return PlaceInPoint{};
  if (is_absolute) {
    for (const SourceRecord& source : sources) {
      const std::string base = folded(source.base);
      if (source.base.empty() || (path != base && !base.empty() && !path.starts_with(base + "/"))) continue;
      return PlaceInPoint{.source = &source,
                          .path = path == base   ? ""
                                  : base.empty() ? path
                                                 : path.substr(base.size() + 1)};
    }
  }
  const std::string first = path.substr(0, path.find('/'));
  for (const SourceRecord& source : sources)
    if (source.name == first)
      return PlaceInPoint{.source = &source, .path = path == first ? "" : path.substr(first.size() + 1)};
  if (sources.size() == 1 && !is_absolute) return PlaceInPoint{.source = &sources.front(), .path = path};
  std::vector<std::string> names;
  for (const SourceRecord& source : sources) names.push_back(source.name);
  const std::optional<std::string> near = closest(first, names);
  return Error(Code::NotFound, "the point has no source for " + printable(path))
      .with_hint(near ? "did you mean " + *near + "?"
                      : "a path begins with the name of its source: holdfast show " + shown_id(point.id));
}

}  // namespace hf
