// The value at a path in a JSON text: `model.loaded`, `items.0.name`, or a JSON pointer (`/model/loaded`, RFC 6901).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hf {

// Text as it is, anything else as JSON; nothing if there is no such value, or a list or map. Invalid: not JSON.
Result<std::optional<std::string>> json_value_at(std::string_view json, const std::string& path);

}  // namespace hf
