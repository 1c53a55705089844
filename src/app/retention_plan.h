// RetentionPlan: what the keep rules decide for the points that there are: for prune, its dry run and the calendar.
#pragma once

#include "app/session.h"
#include "repo/points.h"
#include "repo/retention.h"

namespace hf {

struct PlannedPoint {
  Point point;
  bool keep = true;
  std::string reason;
};

struct RetentionPlan {
  std::vector<PlannedPoint> points;          // by set, newest first
  std::map<std::string, std::string> rules;  // set → rules, in words; "" if it has none
  bool any_rules() const;
};

// --set and the --keep-… flags.
std::vector<OptionSpec> keep_options();

// The rules of --keep-… flags, for all sets; else those of the configuration, each for its set. Only `set`, if it is
// not "".
Result<RetentionPlan> plan_retention(Context& context, const Settings& settings, Repository& repository,
                                     const std::string& set);
Result<KeepRules> rules_of_flags(const Arguments& args);

}  // namespace hf
