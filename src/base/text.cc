#include "base/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace hf {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct SpanUnit {
  std::string_view suffix;
  Duration length;
};
// Longest first, so that the first which divides a span gives its shortest form.
constexpr std::array<SpanUnit, 7> span_units{{{"y", 365 * one_day},
                                              {"w", 7 * one_day},
                                              {"d", one_day},
                                              {"h", hours(1)},
                                              {"m", minutes(1)},
                                              {"s", seconds(1)},
                                              {"ms", milliseconds(1)}}};

struct SizeUnit {
  std::string_view suffix;
  uint64_t bytes;
};
constexpr std::array<SizeUnit, 13> size_units{{{"", 1},
                                               {"B", 1},
                                               {"kB", 1'000},
                                               {"KB", 1'000},
                                               {"MB", 1'000'000},
                                               {"GB", 1'000'000'000},
                                               {"TB", 1'000'000'000'000},
                                               {"PB", 1'000'000'000'000'000},
                                               {"KiB", 1ULL << 10},
                                               {"MiB", 1ULL << 20},
                                               {"GiB", 1ULL << 30},
                                               {"TiB", 1ULL << 40},
                                               {"PiB", 1ULL << 50}}};

// The digits that `text` begins with, taken from it. Nothing if there are none, or too many.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

std::string one_decimal(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1).ptr;
  return {text.data(), end};
}

std::string two_units(int64_t whole, std::string_view big, int64_t rest, std::string_view small) {
  std::string text = std::to_string(whole).append(" ").append(big);
  if (rest > 0) text.append(" ").append(std::to_string(rest)).append(" ").append(small);
  return text;
}

// Takes exactly `digits` digits.
std::optional<unsigned> take_digits(std::string_view& text, size_t digits) {
  std::string_view head = text.substr(0, digits);
  if (head.size() < digits || head.find_first_not_of("0123456789") != head.npos) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<unsigned>(take_number(head).value_or(0));
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const std::optional<unsigned> year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const std::optional<unsigned> month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const std::optional<unsigned> day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day));
  // The years that a WallTime can hold with room for any zone.
  if (!date.ok() || *year < 1678 || *year > 2261) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<Duration> take_hours_minutes(std::string_view& text) {
  const std::optional<unsigned> hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const std::optional<unsigned> minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  return hours(*hour) + minutes(*minute);
}

// ":SS[.fraction]"
std::optional<Duration> take_seconds(std::string_view& text) {
  if (!take(text, ':')) return std::nullopt;
  const std::optional<unsigned> second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  Duration time = seconds(*second);
  if (!take(text, '.')) return time;
  Duration unit = seconds(1);
  do {
    const std::optional<unsigned> digit = take_digits(text, 1);
    if (!digit) return std::nullopt;
    unit /= 10;
    time += unit * *digit;
  } while (!text.empty() && text.front() >= '0' && text.front() <= '9');
  return time;
}

// "Z" or "+HH:MM": how far local time is ahead of UTC.
std::optional<Duration> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return Duration::zero();
  const bool is_behind = text.starts_with('-');
  if (!take(text, is_behind ? '-' : '+')) return std::nullopt;
  const std::optional<Duration> ahead = take_hours_minutes(text);
  if (!ahead) return std::nullopt;
  return is_behind ? -*ahead : *ahead;
}

std::optional<WallTime> read_time(std::string_view text) {
  const std::optional<std::chrono::sys_days> date = take_date(text);
  if (!date) return std::nullopt;
  WallTime time(*date);
  if (text.empty()) return time;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const std::optional<Duration> of_day = take_hours_minutes(text);
  if (!of_day) return std::nullopt;
  time += *of_day;
  if (text.starts_with(':')) {
    const std::optional<Duration> within_minute = take_seconds(text);
    if (!within_minute) return std::nullopt;
    time += *within_minute;
  }
  if (text.empty()) return time;
  const std::optional<Duration> ahead = take_zone(text);
  if (!ahead || !text.empty()) return std::nullopt;
  return time - *ahead;
}

// How many letters must be inserted, dropped, changed or swapped with their neighbour.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string format_bytes(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array<std::string_view, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // 1023.95 would be written as 1024.0 of the smaller unit.
  while (value >= 1023.95 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return one_decimal(value).append(" ").append(units[unit]);
}

std::string format_count(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string format_count(uint64_t count, std::string_view one, std::string_view many) {
  return format_count(count) + " " + std::string(count == 1 ? one : many);
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::string format_duration(Duration duration) {
  if (duration < Duration::zero()) {
    // The most negative duration has no positive counterpart.
    return "-" + format_duration(duration == Duration::min() ? Duration::max() : -duration);
  }
  const int64_t ms = duration / milliseconds(1);
  if (ms < 100) return std::to_string(ms) + " ms";
  // Rounded to tenths before choosing the form, so that 59.97 s does not become "60.0 s".
  if (const int64_t tenths = (ms + 50) / 100; tenths < 600)
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
  const int64_t s = (ms + 500) / 1000;
  if (s < 3600) return two_units(s / 60, "min", s % 60, "s");
  if (s < 86400) return two_units(s / 3600, "h", s % 3600 / 60, "min");
  return two_units(s / 86400, "d", s % 86400 / 3600, "h");
}

std::string format_span(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  for (const SpanUnit& unit : span_units) {
    // Weeks are left out: 14d is what everyone else writes.
    if (unit.suffix != "w" && duration % unit.length == Duration::zero())
      return std::to_string(duration / unit.length).append(unit.suffix);
  }
  return std::to_string(duration / milliseconds(1)) + "ms";
}

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  if (const std::optional<uint64_t> number = take_number(rest)) {
    for (const SpanUnit& unit : span_units) {
      if (rest != unit.suffix) continue;
      if (*number > static_cast<uint64_t>(Duration::max() / unit.length))
        return Error(Code::Invalid, "a duration is at most 292y");
      return unit.length * static_cast<int64_t>(*number);
    }
  }
  return Error(Code::Invalid, "a duration is a number and one of ms s m h d w y, such as 15m or 30d");
}

Result<uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  if (const std::optional<uint64_t> number = take_number(rest)) {
    for (const SizeUnit& unit : size_units) {
      if (rest != unit.suffix) continue;
      if (*number > UINT64_MAX / unit.bytes) return Error(Code::Invalid, "a size is at most 16383PiB");
      return *number * unit.bytes;
    }
  }
  return Error(Code::Invalid, "a size is a number of bytes, or one with a unit, such as 512MiB or 10GB");
}

Result<double> parse_percent(std::string_view text) {
  Error wrong(Code::Invalid, "a percentage is a number from 0 to 100 and a % sign, such as 5% or 99.9%");
  if (!text.ends_with('%')) return wrong;
  text.remove_suffix(1);
  // from_chars also knows "inf", "nan" and a sign, which nobody means.
  if (text.find_first_not_of("0123456789.") != text.npos) return wrong;
  double value = 0;
  const char* const limit = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), limit, value, std::chars_format::fixed);
  if (error != std::errc() || end != limit || !(value <= 100)) return wrong;
  return value;
}

std::string format_date(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string format_time_rfc3339(WallTime time) {
  const int64_t s = std::chrono::floor<seconds>(time - std::chrono::floor<std::chrono::days>(time)).count();
  return fmt::format("{}T{:02}:{:02}:{:02}Z", format_date(time), s / 3600, s / 60 % 60, s % 60);
}

Result<WallTime> parse_time(std::string_view text) {
  if (const std::optional<WallTime> time = read_time(text)) return *time;
  return Error(Code::Invalid, "a time is written 2026-11-21T02:00:00Z, or 2026-11-21 02:00 for UTC");
}

bool matches_wildcards(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, star_n = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_n = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_n;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<std::string> closest(std::string_view name, const std::vector<std::string>& candidates) {
  // In a name of three letters two changes make any other.
  const size_t distance_max = name.size() <= 3 ? 1 : std::max<size_t>(2, name.size() / 3);
  size_t nearest = distance_max + 1;
  std::optional<std::string> best;
  for (const std::string& candidate : candidates) {
    // No cheaper than the difference of lengths: so what somebody pasted is not compared letter by letter.
    if (candidate.size() > name.size() + distance_max || name.size() > candidate.size() + distance_max) continue;
    if (const size_t distance = edit_distance(name, candidate); distance < nearest) {
      nearest = distance;
      best = candidate;
    }
  }
  return best;
}

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == word.npos) return std::string(word);
  if (word.find('\'') != word.npos && word.find_first_of("\"$`\\!") == word.npos) return '"' + std::string(word) + '"';
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace hf
