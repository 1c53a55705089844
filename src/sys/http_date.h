// Dates as HTTP writes them (RFC 9110, IMF-fixdate): "Sat, 21 Nov 2026 15:51:50 GMT".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace hf {

std::optional<WallTime> parse_http_date(std::string_view text);
std::string format_http_date(WallTime time);

}  // namespace hf
