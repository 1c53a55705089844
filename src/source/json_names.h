// The scalars of a JSON text by their paths, such as features.new_ui and hosts.0: for a config source.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"

namespace hf {

// Text as it is, numbers, true, false and null as JSON writes them. Values are wiped after the call. Invalid: not JSON,
// or nested more than 64 deep; nothing of the text is repeated.
Status visit_json_scalars(std::string_view json,
                          const std::function<Status(std::string_view path, std::string_view value)>& visit);

}  // namespace hf
