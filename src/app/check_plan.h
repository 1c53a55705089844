// CheckPlan: which checks are to be run, where the service is, and whether all that they need is there.
#pragma once

#include "app/session.h"
#include "check/run_checks.h"

namespace hf {

struct CheckPlan {
  std::vector<std::string> groups;
  std::vector<NamedCheck> checks;
  bool any(bool Check::*needs) const;
};

// The groups of --checks, or where none is named those of the policy of `set`. NotFound: no such group.
Result<CheckPlan> plan_checks(Context& context, const config::Config* config, const std::string& set);

// What --in names: an environment, or a directory.
struct PlannedPlace {
  std::string environment;  // its name; "": a directory
  std::string type;         // of environment
  std::string directory;    // "": none is named
  bool is_production = false;
  CheckPlace place;
};
Result<PlannedPlace> plan_place(Context& context, const config::Config* config);

// Invalid, naming the check, if it needs a service and none is known.
Status expect_service(const CheckPlan& plan, const CheckPlace& place);

// The RPO of the set; nothing if its policy has none.
std::optional<Duration> rpo_of(const config::Config* config, const std::string& set);

}  // namespace hf
