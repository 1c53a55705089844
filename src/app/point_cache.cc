#include "app/point_cache.h"

#include <sstream>

#include "app/choose.h"
#include "app/session.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace hf {
namespace {

constexpr size_t points_max = 200;
constexpr size_t file_bytes_max = 1 << 20;

std::string file_of(const std::string& directory, const std::string& place) {
  return directory + "/" + sha256(as_bytes(place)).hex().substr(0, 16) + ".points";
}

std::vector<RememberedPoint> load(Fs& fs, const std::string& path) {
  std::vector<RememberedPoint> points;
  const Result<Bytes> bytes = read_whole_file(fs, path, file_bytes_max);
  if (!bytes.ok()) return points;
  std::istringstream in{to_text(bytes.value())};
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    RememberedPoint point;
    if (words >> point.id >> point.time && std::getline(words >> std::ws, point.set))
      points.push_back(std::move(point));
  }
  return points;
}

// Whole or not at all to other readers; not synced: a cache is not worth waiting for a disk.
Status write_quickly(Fs& fs, const std::string& path, const std::string& name, const std::string& text) {
  const std::unique_ptr<Directory> directory = HF_TRY(fs.open_directory(path));
  const std::string temporary = "." + name + ".new";
  static_cast<void>(directory->remove(temporary).ok());
  const std::unique_ptr<File> file = HF_TRY(directory->create_file(temporary, 0600));
  HF_TRY(file->write_at(0, as_bytes(text)));
  return directory->rename(temporary, name);
}

void save(Context& context, const std::string& place, const std::vector<RememberedPoint>& points) {
  const Result<std::string> directory = state_directory(context);
  if (!directory.ok()) return;
  std::string text;
  for (size_t i = 0; i < std::min(points.size(), points_max); ++i)
    text += points[i].id + " " + points[i].time + " " + points[i].set + "\n";
  static_cast<void>(write_quickly(context.program.fs, directory.value(), file_of("", place).substr(1), text).ok());
}

RememberedPoint remembered(const Point& point) {
  return {.id = shown_id(point.id), .set = point.manifest.set, .time = format_time_rfc3339(point.manifest.started)};
}

}  // namespace

void remember_point(Context& context, const std::string& place, const Point& point) {
  const Result<std::string> directory = state_directory(context);
  if (!directory.ok()) return;
  std::vector<RememberedPoint> points = load(context.program.fs, file_of(directory.value(), place));
  points.insert(points.begin(), remembered(point));
  save(context, place, points);
}

void remember_points(Context& context, const std::string& place, const std::vector<Point>& points) {
  std::vector<const Point*> sorted;
  for (const Point& point : points) sorted.push_back(&point);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Point* a, const Point* b) { return a->manifest.started > b->manifest.started; });
  std::vector<RememberedPoint> all;
  for (const Point* point : sorted) all.push_back(remembered(*point));
  save(context, place, all);
}

std::vector<RememberedPoint> remembered_points(Context& context, const std::string& place) {
  const Result<std::string> directory = state_directory(context);
  std::vector<RememberedPoint> points;
  if (!directory.ok()) return points;
  if (!place.empty()) return load(context.program.fs, file_of(directory.value(), place));
  const Result<std::unique_ptr<Directory>> opened = context.program.fs.open_directory(directory.value());
  if (!opened.ok()) return points;
  const Result<std::vector<DirectoryEntry>> entries = opened.value()->entries();
  if (!entries.ok()) return points;
  for (const DirectoryEntry& entry : entries.value())
    if (entry.name.ends_with(".points"))
      for (RememberedPoint& point : load(context.program.fs, directory.value() + "/" + entry.name))
        points.push_back(std::move(point));
  return points;
}

}  // namespace hf
