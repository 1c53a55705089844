#include "app/retention_plan.h"

#include <algorithm>

#include "app/point_text.h"
#include "backup/backup_run.h"

namespace hf {
namespace {

KeepRules rules_of(const config::Keep& keep) {
  return {.last = keep.last,
          .hourly = keep.hourly,
          .daily = keep.daily,
          .weekly = keep.weekly,
          .monthly = keep.monthly,
          .yearly = keep.yearly,
          .within = keep.within};
}

bool is_proven(const std::vector<Proof>& proofs) {
  return std::any_of(proofs.begin(), proofs.end(), [](const Proof& proof) { return proof.passed; });
}

// Points that have all sources of the set stand in one group, those with some of them in one for each choice: so none
// of the latter takes the place of a whole one.
std::string group_of(const Manifest& manifest) {
  if (is_whole(manifest)) return {};
  std::vector<std::string> names;
  for (const SourceRecord& source : manifest.sources) names.push_back(source.name);
  std::sort(names.begin(), names.end());
  std::string group;
  for (const std::string& name : names) group += name + "/";  // no name has one
  return group;
}

bool is_complete(const Point& point) {
  return point.manifest.status == PointStatus::Complete;
}

// Of selected sources the newest point must stay only while no whole one has come after it. One made in an emergency
// does not count: it may be given up.
KeepAlways always_of(const std::vector<Point>& all, const std::vector<Point>& group) {
  if (is_whole(group.front().manifest)) return {};
  const auto newest = [](const std::vector<Point>& points, bool whole) {
    WallTime time{};
    for (const Point& point : points)
      if (is_complete(point) && !is_emergency(point.manifest) && (!whole || is_whole(point.manifest)))
        time = std::max(time, point.manifest.started);
    return time;
  };
  return {.proven_min = 0, .newest_complete = newest(group, false) > newest(all, true)};
}

Status decide_group(Context& context, Repository& repository, const std::vector<Point>& points, const KeepRules& rules,
                    const KeepAlways& always, RetentionPlan& plan) {
  std::vector<Candidate> candidates;
  for (const Point& point : points) {
    const Result<std::vector<Proof>> proofs = list_proofs(repository, point);
    candidates.push_back({.id = point.id,
                          .time = point.manifest.started,
                          .complete = is_complete(point),
                          .proven = proofs.ok() && is_proven(proofs.value()),
                          .is_held = is_emergency(point.manifest)});
  }
  for (Decision& decision : decide(std::move(candidates), rules, context.program.clock.wall(), always)) {
    const auto point = std::find_if(points.begin(), points.end(), [&](const Point& p) { return p.id == decision.id; });
    HF_ASSERT(point != points.end());
    plan.points.push_back({.point = *point, .keep = decision.keep, .reason = std::move(decision.reason)});
    plan.points.back().reason += only_text(point->manifest);
  }
  return {};
}

Status decide_set(Context& context, Repository& repository, const std::vector<Point>& points, const KeepRules& rules,
                  RetentionPlan& plan) {
  std::map<std::string, std::vector<Point>> groups;
  for (const Point& point : points) groups[group_of(point.manifest)].push_back(point);
  const size_t before = plan.points.size();
  for (const auto& [name, group] : groups)
    HF_TRY(decide_group(context, repository, group, rules, always_of(points, group), plan));
  std::stable_sort(
      plan.points.begin() + static_cast<ptrdiff_t>(before), plan.points.end(),
      [](const PlannedPoint& a, const PlannedPoint& b) { return a.point.manifest.started > b.point.manifest.started; });
  return {};
}

}  // namespace

std::vector<OptionSpec> keep_options() {
  return {
      {"set", "", "NAME", "only this set"},
      {"keep-last", "", "N", "keep the newest N points"},
      {"keep-hourly", "", "N", "keep the newest point of each of N hours"},
      {"keep-daily", "", "N", "keep the newest point of each of N days"},
      {"keep-weekly", "", "N", "keep the newest point of each of N weeks"},
      {"keep-monthly", "", "N", "keep the newest point of each of N months"},
      {"keep-yearly", "", "N", "keep the newest point of each of N years"},
      {"keep-within", "", "TIME", "keep all points that are not older: 48h, 30d"},
  };
}

bool RetentionPlan::any_rules() const {
  return std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return !rule.second.empty(); });
}

Result<KeepRules> rules_of_flags(const Arguments& args) {
  KeepRules rules;
  rules.last = HF_TRY(args.count("keep-last", 0));
  rules.hourly = HF_TRY(args.count("keep-hourly", 0));
  rules.daily = HF_TRY(args.count("keep-daily", 0));
  rules.weekly = HF_TRY(args.count("keep-weekly", 0));
  rules.monthly = HF_TRY(args.count("keep-monthly", 0));
  rules.yearly = HF_TRY(args.count("keep-yearly", 0));
  rules.within = HF_TRY(args.duration("keep-within", Duration{}));
  return rules;
}

Result<RetentionPlan> plan_retention(Context& context, const Settings& settings, Repository& repository,
                                     const std::string& set) {
  const KeepRules given = HF_TRY(rules_of_flags(context.args));
  PointList list = HF_TRY(list_points(repository, set.empty() ? std::nullopt : std::optional(set)));
  // Those given up by name may be what cannot be read: prune itself looks.
  if (!list.unreadable.empty() && !context.args.has("forget"))
    return Error(Code::Corrupt, "a point cannot be read, so nothing is forgotten: " + list.unreadable.front())
        .with_hint("holdfast check says what is wrong; put the object back from a copy of the repository");
  std::map<std::string, std::vector<Point>> sets;
  for (Point& point : list.points) sets[point.manifest.set].push_back(std::move(point));
  if (!set.empty() && sets.empty())
    return Error(Code::NotFound, "no point is of set " + printable(set)).with_hint("holdfast list sets");
  RetentionPlan plan;
  for (auto& [name, points] : sets) {
    KeepRules rules = given;
    if (rules.is_empty() && settings.config) {
      const auto configured = settings.config->sets.find(name);
      if (configured != settings.config->sets.end()) rules = rules_of(configured->second.policy.keep);
    }
    plan.rules[name] = rules.describe();
    HF_TRY(decide_set(context, repository, std::move(points), rules, plan));
  }
  return plan;
}

}  // namespace hf
