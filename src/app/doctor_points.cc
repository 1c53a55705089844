// Points: is there one of every set, is it new, whole, proven, and is there room to prove it again.
#include <algorithm>

#include "app/choose.h"
#include "app/doctor.h"
#include "app/point_text.h"
#include "backup/backup_run.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr Duration point_age_max = one_day + std::chrono::hours(2);
constexpr Duration proof_age_max = one_day * 7;

const Point* newest_of(const std::vector<Point>& points, const std::string& set) {
  const Point* newest = nullptr;
  for (const Point& point : points)
    if (point.manifest.set == set && (newest == nullptr || is_newer_whole(point, *newest))) newest = &point;
  return newest;
}

void examine_age(Examination& examination, const std::string& set, const Point& point) {
  const Duration age = examination.context.program.clock.wall() - point.manifest.started;
  const std::string text = "point " + shown_id(point.id) + " is " + format_duration(age) + " old";
  if (age > point_age_max) return examination.warning("set." + set + ".recent", text, "holdfast backup " + set);
  examination.good("set." + set + ".recent", text);
}

void examine_wholeness(Examination& examination, const std::string& set, const Point& point) {
  const std::string name = "set." + set + ".whole";
  if (point.manifest.status != PointStatus::Complete)
    return examination.warning(name, "point " + shown_id(point.id) + " is partial: some data could not be read",
                               "holdfast show " + shown_id(point.id) + " names it");
  std::vector<std::string> missing;
  if (const config::Config* config = examination.settings.config_or_null())
    if (const auto known = config->sets.find(set); known != config->sets.end())
      for (const std::string& member : known->second.members)
        if (!has_source(point.manifest, member)) missing.push_back(member);
  if (!missing.empty())
    return examination.warning(name, "point " + shown_id(point.id) + " has nothing of " + join(missing, ", "),
                               "holdfast backup " + set);
  examination.good(name, "point " + shown_id(point.id) + " has all of it");
}

void examine_proof(Examination& examination, Repository& repository, const std::string& set, const Point& point) {
  const std::string name = "set." + set + ".proven", verify = "holdfast verify " + shown_id(point.id);
  const Result<std::vector<Proof>> proofs = list_proofs(repository, point);
  if (!proofs.ok()) return examination.bad(name, proofs.error());
  if (proofs.value().empty())
    return examination.warning(name, "nobody has restored point " + shown_id(point.id) + " yet", verify);
  const Proof& newest = proofs.value().back();
  const std::string text = "point " + shown_id(point.id) + ": " + proof_text(proofs.value());
  if (!newest.passed) return examination.bad(name, text, verify + " names what failed; then back up again");
  if (examination.context.program.clock.wall() - newest.time > proof_age_max)
    return examination.warning(name, text, verify);
  examination.good(name, text);
}

void examine_retention(Examination& examination, const std::string& set, const config::SetConfig& settings) {
  const config::Keep& keep = settings.policy.keep;
  if (keep.last + keep.hourly + keep.daily + keep.weekly + keep.monthly + keep.yearly == 0 && keep.within == Duration{})
    return examination.warning("set." + set + ".retention", "it has no keep rules: nothing is ever given back",
                               "give its policy a `keep`: {last: 7, daily: 30}");
  examination.good("set." + set + ".retention", "it has keep rules");
}

// What verify needs.
void examine_scratch(Examination& examination, uint64_t largest) {
  std::string path = examination.context.program.environment("TMPDIR");
  if (path.empty()) path = "/tmp";
  const auto directory = examination.context.program.fs.open_directory(path);
  if (!directory.ok())
    return examination.bad("scratch", directory.error(), "TMPDIR names a directory that can be written to");
  const Result<uint64_t> free = directory.value()->space_free();
  if (!free.ok()) return examination.bad("scratch", free.error());
  const std::string text =
      format_bytes(free.value()) + " free in " + printable(path) + ", the largest point has " + format_bytes(largest);
  if (free.value() < largest)
    return examination.warning("scratch", text, "holdfast verify --in DIR, with a directory that has room");
  examination.good("scratch", text);
}

}  // namespace

void examine_points(Examination& examination) {
  if (!examination.copies) return examination.skip("sets", "no copy can be opened");
  Repository& repository = *examination.copies->open.front().repository;
  const Result<PointList> list = list_points(repository);
  if (!list.ok()) return examination.bad("sets", list.error(), "holdfast check");
  if (!list.value().unreadable.empty())
    examination.bad("sets.readable",
                    format_count(list.value().unreadable.size(), "point", "points") + " cannot be read",
                    "holdfast check names them");
  std::set<std::string> sets;
  const config::Config* config = examination.settings.config_or_null();
  if (config != nullptr)
    for (const auto& [name, settings] : config->sets) {
      sets.insert(name);
      examine_retention(examination, name, settings);
    }
  else
    for (const Point& point : list.value().points) sets.insert(point.manifest.set);
  if (sets.empty()) examination.warning("sets", "nothing is backed up yet", "holdfast backup files:/srv/uploads");
  uint64_t largest = 0;
  for (const std::string& set : sets) {
    const Point* newest = newest_of(list.value().points, set);
    if (newest == nullptr) {
      examination.bad("set." + set, "it was never backed up", "holdfast backup " + set);
      continue;
    }
    largest = std::max(largest, bytes_of(newest->manifest));
    examine_age(examination, set, *newest);
    examine_wholeness(examination, set, *newest);
    examine_proof(examination, repository, set, *newest);
  }
  if (largest > 0) examine_scratch(examination, largest);
}

}  // namespace hf
