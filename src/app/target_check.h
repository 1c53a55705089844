// TargetCheck: whether a target can be reached and does what a store must, tried with an object of no meaning.
#pragma once

#include "app/session.h"

namespace hf {

struct TargetCheck {
  std::optional<Error> error;                // what is wrong first; none: nothing is
  bool is_blank = false;                     // it can be reached, and there is no repository
  std::optional<Duration> clock_difference;  // of its clock, less ours
  std::optional<uint64_t> space_free;        // bytes, where the kind of store can say

  Exit exit() const;
};

TargetCheck check_target(Context& context, const TargetSettings& target);

}  // namespace hf
