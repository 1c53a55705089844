// Reading of CheckOptions by the kinds; malformed ones are Invalid and named.
#pragma once

#include "check/check.h"

namespace hf {

// "" if absent.
std::string text_of(const CheckOptions& options, std::string_view name);
std::vector<std::string> list_of(const CheckOptions& options, std::string_view name);
bool flag_of(const CheckOptions& options, std::string_view name);
Result<std::optional<uint64_t>> number_of(const CheckOptions& options, std::string_view name);
Result<std::optional<Duration>> span_of(const CheckOptions& options, std::string_view name);
std::map<std::string, std::string> map_of(const CheckOptions& options, std::string_view name);

// Like `options`, with those that every kind has: name and timeout.
std::vector<CheckOption> with_common(std::vector<CheckOption> options);

}  // namespace hf
