// Reading of SourceOptions by the kinds: absent options have defaults, malformed ones are Invalid and named.
#pragma once

#include <optional>

#include "source/source.h"

namespace hf {

// Empty if absent.
std::vector<std::string> list_option(const SourceOptions& options, std::string_view name);
// Invalid if absent, empty or given twice.
Result<std::string> text_option(const SourceOptions& options, std::string_view name);
std::string text_option_or(const SourceOptions& options, std::string_view name, std::string_view absent);
Result<bool> flag_option(const SourceOptions& options, std::string_view name, bool absent);
// A size in bytes or a span in nanoseconds.
Result<std::optional<uint64_t>> number_option(const SourceOptions& options, std::string_view name);
Result<Duration> span_option(const SourceOptions& options, std::string_view name, Duration absent);
// NAME=value for a child program, and PATH.
Result<std::map<std::string, std::string>> environment_option(const SourceOptions& options, std::string_view name);

}  // namespace hf
