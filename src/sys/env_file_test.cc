#include "sys/env_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace hf {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs parsed(std::string_view text) {
  Pairs pairs;
  const Status status = parse_env_text(text, [&](std::string_view name, std::string_view value) -> Status {
    pairs.emplace_back(name, value);
    return {};
  });
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message());
  return pairs;
}

std::string fault(std::string_view text) {
  const Status status = parse_env_text(text, [](std::string_view, std::string_view) { return Status(); });
  return status.ok() ? "none" : status.error().message();
}

TEST(EnvFile, plain_values_end_before_spaces_and_comments) {
  EXPECT_EQ(parsed("A=1\nB = two words  # a comment\r\n# C=3\n\nD=a#b\nE=\nF=#none"),
            (Pairs{{"A", "1"}, {"B", "two words"}, {"D", "a#b"}, {"E", ""}, {"F", ""}}));
}

TEST(EnvFile, export_may_stand_before_a_name_and_be_one) {
  EXPECT_EQ(parsed("export A=1\nexport=2"), (Pairs{{"A", "1"}, {"export", "2"}}));
}

TEST(EnvFile, quotes_hold_lines_and_escapes) {
  EXPECT_EQ(
      parsed("A='$x \\n # y'\nB=\"a\\nb \\\"q\\\" \\$c \\d\" # end\nKEY=\"-----BEGIN\nline\n-----END\"\nC=1"),
      (Pairs{{"A", "$x \\n # y"}, {"B", "a\nb \"q\" $c \\d"}, {"KEY", "-----BEGIN\nline\n-----END"}, {"C", "1"}}));
}

TEST(EnvFile, a_mark_of_the_encoding_is_passed_over) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "A=1"),
            (Pairs{{"A", "1"}}));
}

TEST(EnvFile, mistakes_are_told_by_line_and_never_repeated) {
  EXPECT_EQ(fault("A=1\ncanary value"), "line 2: not NAME=value");
  EXPECT_EQ(fault("A=1\nB='canary\nmore"), "line 2: the quote is not closed");
  EXPECT_EQ(fault("A='x' canary"), "line 1: something stands behind the closed quote");
  EXPECT_EQ(fault("=canary"), "line 1: not NAME=value");
  EXPECT_EQ(fault("A=\"x\\"), "line 1: the quote is not closed");
}

TEST(EnvFile, an_error_of_the_visitor_ends_it) {
  const Status status =
      parse_env_text("A=1", [](std::string_view, std::string_view) -> Status { return Error(Code::Failed, "enough"); });
  EXPECT_FALSE(status.ok());
}

RC_GTEST_PROP(EnvFile, whatever_is_quoted_comes_back, (std::string value)) {
  std::string quoted;
  for (const char c : value) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  RC_ASSERT(parsed("A=\"" + quoted + "\"\nB=1") == (Pairs{{"A", value}, {"B", "1"}}));
}

RC_GTEST_PROP(EnvFile, any_text_is_read_or_refused, (std::string text)) {
  (void)parse_env_text(text, [](std::string_view, std::string_view) { return Status(); }).ok();
}

}  // namespace
}  // namespace hf
