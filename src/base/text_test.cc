#include "base/text.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Text, bytes_are_written_in_powers_of_1024_with_one_decimal) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(1288490189), "1.2 GiB");
  EXPECT_EQ(format_bytes((1ULL << 20) - 1), "1.0 MiB") << "not 1024.0 KiB";
  EXPECT_EQ(format_bytes(UINT64_MAX), "16.0 EiB");
}

TEST(Text, counts_have_separated_thousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1234567), "1,234,567");
}

TEST(Text, durations_are_written_for_people) {
  EXPECT_EQ(format_duration({}), "0 ms");
  EXPECT_EQ(format_duration(milliseconds(35)), "35 ms");
  EXPECT_EQ(format_duration(milliseconds(800)), "0.8 s");
  EXPECT_EQ(format_duration(milliseconds(59970)), "1 min") << "not 60.0 s";
  EXPECT_EQ(format_duration(seconds(123)), "2 min 3 s");
  EXPECT_EQ(format_duration(milliseconds(3599800)), "1 h");
  EXPECT_EQ(format_duration(minutes(250)), "4 h 10 min");
  EXPECT_EQ(format_duration(30 * one_day + hours(2)), "30 d 2 h");
  EXPECT_EQ(format_duration(-seconds(5)), "-5.0 s");
  EXPECT_EQ(format_duration(Duration::min()), format_duration(-Duration::max()));
}

TEST(Text, spans_are_written_as_they_are_read) {
  for (const char* text : {"0s", "250ms", "30s", "90m", "4h", "30d", "1y", "14d"})
    EXPECT_EQ(format_span(parse_duration(text).value()), text);
  EXPECT_EQ(format_span(hours(48)), "2d");
}

TEST(Text, durations_are_read_with_their_unit_only) {
  EXPECT_EQ(parse_duration("15m").value(), minutes(15));
  EXPECT_EQ(parse_duration("250ms").value(), milliseconds(250));
  EXPECT_EQ(parse_duration("48h").value(), hours(48));
  EXPECT_EQ(parse_duration("2w").value(), 14 * one_day);
  EXPECT_EQ(parse_duration("1y").value(), 365 * one_day);
  EXPECT_EQ(parse_duration("292y").value(), 292 * 365 * one_day);
  for (const char* text :
       {"", "15", "m", "-15m", "+1h", "15 m", "15M", "1.5h", "1h30m", "293y", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  EXPECT_EQ(parse_duration("15").error().code(), Code::Invalid);
}

TEST(Text, sizes_are_read_decimal_and_binary) {
  EXPECT_EQ(parse_size("123").value(), 123u);
  EXPECT_EQ(parse_size("64KiB").value(), 65536u);
  EXPECT_EQ(parse_size("512MiB").value(), 512u << 20);
  EXPECT_EQ(parse_size("2GiB").value(), 2ULL << 30);
  EXPECT_EQ(parse_size("10MB").value(), 10'000'000u);
  EXPECT_EQ(parse_size("18446744073709551615").value(), UINT64_MAX);
  for (const char* text : {"", "GiB", "-1", "2 GiB", "2gib", "1.5GiB", "2G", "16384PiB", "18446744073709551616"})
    EXPECT_FALSE(parse_size(text).ok()) << text;
}

TEST(Text, percentages_are_from_0_to_100) {
  EXPECT_EQ(parse_percent("5%").value(), 5);
  EXPECT_EQ(parse_percent("99.9%").value(), 99.9);
  for (const char* text : {"", "%", "5", "101%", "-1%", "inf%", "nan%", "1e1%", "5%%", "1.2.3%"})
    EXPECT_FALSE(parse_percent(text).ok()) << text;
}

TEST(Text, times_are_read_and_written_as_utc) {
  const WallTime two = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + hours(2);
  EXPECT_EQ(format_time_rfc3339(two), "2026-11-21T02:00:00Z");
  for (const char* text : {"2026-11-21T02:00:00Z", "2026-11-21 02:00", "2026-11-21 02:00:00",
                           "2026-11-21T03:30:00+01:30", "2026-11-20T21:00:00-05:00", "2026-11-21T02:00:00.000Z"})
    EXPECT_EQ(parse_time(text).value(), two) << text;
  EXPECT_EQ(parse_time("2026-11-21").value(), two - hours(2));
  EXPECT_EQ(parse_time("2026-11-21T02:00:00.25Z").value(), two + milliseconds(250));
  EXPECT_EQ(format_time_rfc3339(parse_time("1969-12-31T23:59:59.5Z").value()), "1969-12-31T23:59:59Z");
}

TEST(Text, times_that_cannot_be_are_refused) {
  for (const char* text : {"", "yesterday", "2026-02-29", "2026-13-01", "2026-11-21T24:00:00Z", "2026-11-21 02:60",
                           "2026-11-21T02:00:00Zx", "2026-11-21T02:00:00+1", "2026-11-21T", "26-11-21", "0001-01-01",
                           "2026-11-21T02:00:00.Z", "9999-01-01"})
    EXPECT_FALSE(parse_time(text).ok()) << text;
}

TEST(Text, closest_finds_what_was_most_likely_meant) {
  const std::vector<std::string> names{"policies", "sources", "sets", "keys"};
  EXPECT_EQ(closest("polices", names), "policies");
  EXPECT_EQ(closest("sourecs", names), "sources");
  EXPECT_EQ(closest("set", names), "sets");
  EXPECT_EQ(closest("alerts", names), std::nullopt);
  EXPECT_EQ(closest("", names), std::nullopt);
  EXPECT_EQ(closest(std::string(1 << 20, 'x'), names), std::nullopt);
}

TEST(ShellQuoted, one_word_for_a_shell) {
  EXPECT_EQ(shell_quoted("service=app"), "service=app");
  EXPECT_EQ(shell_quoted("host=db user=x"), "'host=db user=x'");
  EXPECT_EQ(shell_quoted("it's"), "\"it's\"");
  EXPECT_EQ(shell_quoted("it's \"$x\""), "'it'\\''s \"$x\"'");
  EXPECT_EQ(shell_quoted(""), "''");
}

}  // namespace
}  // namespace hf
