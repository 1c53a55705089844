// Running checks one after the other, each within its own time.
#pragma once

#include "check/check.h"

namespace hf {

struct NamedCheck {
  std::string name;  // "app: GET /health"
  Duration timeout = std::chrono::seconds(30);
  Check check;
};

// A check of the group, from its options. Names that are taken already get " (2)", " (3)", … Invalid: see
// CheckKind::prepare.
Result<NamedCheck> prepare_check(const CheckKind& kind, const std::string& group, const CheckOptions& options,
                                 const std::vector<NamedCheck>& taken);

struct CheckEnd {
  std::string name;
  Duration took{};
  Verdict verdict;
};

// All of them, whether or not one fails. Cancelled if stop is requested.
Status run_checks(const std::vector<NamedCheck>& checks, const CheckWorld& world,
                  const std::function<void(const CheckEnd&)>& on_end, std::stop_token stop);

}  // namespace hf
