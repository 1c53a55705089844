#include "check/output_pattern.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

std::string found(const std::string& pattern, const std::string& output) {
  const auto captures = OutputPattern::parse(pattern).value().find(output);
  if (!captures) return "no";
  std::string text = "yes";
  for (const OutputPattern::Capture& capture : *captures) text += " " + capture.name + "=" + capture.text;
  return text;
}

TEST(OutputPattern, captures_are_called_after_the_name_before_them) {
  EXPECT_EQ(found("db_bootstrap status=ok mode=apply_migrations applied=<n> skipped=<n>",
                  "connecting\ndb_bootstrap status=ok mode=apply_migrations applied=3 skipped=12\n"),
            "yes applied=3 skipped=12");
  EXPECT_EQ(found("<n> rows, <word>", "7 rows, done"), "yes n1=7 word2=done");
  EXPECT_EQ(found("took <n>s in <word>.", "took 12s in total."), "yes took=12 in=total");
}

TEST(OutputPattern, whole_words_are_looked_for) {
  EXPECT_EQ(found("status=ok", "db_verify status=ok"), "yes");
  EXPECT_EQ(found("status=ok", "db_verify status=ok later\r"), "yes");
  EXPECT_EQ(found("status=ok", "db_verify status=okay"), "no");
  EXPECT_EQ(found("status=ok", "exit_status=ok"), "no");
  EXPECT_EQ(found("applied=<n>", "applied=12x"), "no");
  EXPECT_EQ(found("applied=<n>", "applied= 1"), "no");
  EXPECT_EQ(found("a=<word>,b", "a=x,b"), "yes a=x");
}

TEST(OutputPattern, the_last_line_that_fits_counts) {
  EXPECT_EQ(found("applied=<n>", "applied=1\napplied=2\napplied=x"), "yes applied=2");
}

TEST(OutputPattern, what_cannot_be_meant_is_refused) {
  for (const char* wrong : {"", "  ", "a\nb", "<number>", "a<b", "<n><n>"})
    EXPECT_FALSE(OutputPattern::parse(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace hf
