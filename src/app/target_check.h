// TargetCheck: whether a target can be reached and does what a store must, tried with an object of no meaning.
#pragma once

#include "app/session.h"

namespace hf {

struct TargetCheck {
  std::optional<Error> error;                // what is wrong first
  Exit exit = Exit::Done;                    // what that means for a verb
  std::optional<Duration> clock_difference;  // its clock, less this machine's
  std::optional<uint64_t> space_free;        // bytes, where the kind of store can say
};

TargetCheck check_target(Context& context, const Settings& settings, const TargetSettings& target);

}  // namespace hf
