// Text: quantities as people write and read them, and the nearest name for "did you mean".
//
// What format_…() writes is for people and reports; what parse_…() reads is typed by people: every parse_…() says
// in its Error (Invalid) which forms are good. All times are UTC. Nothing here depends on a locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace hf {

inline constexpr Duration one_day = std::chrono::hours(24);

std::string format_bytes(uint64_t bytes);  // "512 B", "1.2 GiB"
std::string format_count(uint64_t count);  // "1,234,567"
// "1 point", "2,000 points"
std::string format_count(uint64_t count, std::string_view one, std::string_view many);
// "a, b, c"
std::string join(const std::vector<std::string>& words, std::string_view between);
std::string format_duration(Duration duration);  // "35 ms", "0.8 s", "2 min 3 s", "4 h 10 min", "30 d"
std::string format_span(Duration duration);      // as parse_duration reads it, to whole milliseconds: "90m", "30d"
std::string format_date(WallTime time);          // "2026-11-21"
std::string format_time_rfc3339(WallTime time);  // "2026-11-21T02:00:00Z"; fractions of a second are dropped

// RFC 3339, or "YYYY-MM-DD[ HH:MM[:SS]]" taken as UTC.
Result<WallTime> parse_time(std::string_view text);
// A number and one of ms s m h d w y (365 days): "15m", "250ms", "2w".
Result<Duration> parse_duration(std::string_view text);
// A number of bytes, or a number and one of B kB MB GB TB (of 1000) or KiB MiB GiB TiB PiB (of 1024).
Result<uint64_t> parse_size(std::string_view text);
// "5%", "99.9%": 5, 99.9. From 0 to 100.
Result<double> parse_percent(std::string_view text);

// One word for a shell that a person gives it to: in quotes where it needs them.
std::string shell_quoted(std::string_view word);
// `*` and `?` as in a shell: any bytes, and one byte.
bool matches_wildcards(std::string_view pattern, std::string_view name);

// The candidate that `name` was most likely meant to be, if one is near enough to be suggested.
std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace hf
