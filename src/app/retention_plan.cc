#include "app/retention_plan.h"

#include <algorithm>

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

Status decide_set(Context& context, Repository& repository, std::vector<Point> points, const KeepRules& rules,
                  RetentionPlan& plan) {
  std::vector<Candidate> candidates;
  for (const Point& point : points) {
    const Result<std::vector<Proof>> proofs = list_proofs(repository, point);
    candidates.push_back({.id = point.id,
                          .time = point.manifest.started,
                          .complete = point.manifest.status == PointStatus::Complete,
                          .proven = proofs.ok() && is_proven(proofs.value())});
  }
  for (Decision& decision : decide(std::move(candidates), rules, context.program.clock.wall(), KeepAlways{})) {
    const auto point = std::find_if(points.begin(), points.end(), [&](const Point& p) { return p.id == decision.id; });
    HF_ASSERT(point != points.end());
    plan.points.push_back({.point = *point, .keep = decision.keep, .reason = std::move(decision.reason)});
  }
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
  if (!list.unreadable.empty())
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
