// Checks alone: of the service that runs, or of what was restored before; nothing is restored, and nothing proven of a
// point. For the contract check before a recovery and the smoke tests after one.
#pragma once

#include "app/session.h"

namespace hf {

Result<Exit> check_live(Context& context, const Settings& settings);

}  // namespace hf
