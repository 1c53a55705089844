#include "check/expectation.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace hf {
namespace {

using namespace std::chrono_literals;

std::string judged(const std::string& expectation, const QueryAnswer& answer, std::optional<Duration> rpo = {}) {
  const WallTime now = parse_time("2026-11-21T12:00:00Z").value();
  const Expectation::Judgement judgement = Expectation::parse(expectation).value().judge(answer, now, rpo);
  return (judgement.holds ? "yes: " : "no: ") + judgement.message;
}

TEST(Expectation, numbers_are_compared_as_numbers) {
  EXPECT_EQ(judged(">= 1", {1, "1"}), "yes: the value is 1");
  EXPECT_EQ(judged(">= 10", {1, "9"}), "no: the value is 9, expected >= 10");
  EXPECT_EQ(judged("= 0", {1, "0"}), "yes: the value is 0");
  EXPECT_EQ(judged("0", {1, "0.0"}), "yes: the value is 0.0");
  EXPECT_EQ(judged("!= 3", {1, "3"}), "no: the value is 3, expected other than 3");
  EXPECT_EQ(judged("< 2.5", {1, "2.4"}), "yes: the value is 2.4");
}

TEST(Expectation, text_is_compared_and_never_told) {
  EXPECT_EQ(judged("done", {1, "done"}), "yes: the value is as expected");
  EXPECT_EQ(judged("done", {1, "secret"}), "no: the value is another, expected done");
  EXPECT_EQ(judged("> 5", {1, "secret"}), "no: the value is another, expected > 5");
  EXPECT_EQ(judged("'7'", {1, "7"}), "yes: the value is 7");
}

TEST(Expectation, nothing_and_null_are_no_value) {
  EXPECT_EQ(judged(">= 0", {0, {}}), "no: no rows");
  EXPECT_EQ(judged(">= 0", {1, {}}), "no: the value is null");
  EXPECT_EQ(judged("rows = 0", {0, {}}), "yes: 0 rows");
  EXPECT_EQ(judged("rows >= 2", {1, "x"}), "no: 1 row, expected >= 2");
}

TEST(Expectation, ages_count_back_from_the_moment_of_the_data) {
  EXPECT_EQ(judged("age <= rpo", {1, "2026-11-21 11:50:00"}, 15min), "yes: the age is 10 min");
  EXPECT_EQ(judged("age <= rpo", {1, "2026-11-21 11:00:00+00"}, 15min),
            "no: the age is 1 h, expected <= the RPO of 15m");
  EXPECT_EQ(judged("age < 1h", {1, "1795261500"}), "yes: the age is 15 min");
  EXPECT_EQ(judged("age < 1h", {1, "1795261500000"}), "yes: the age is 15 min");
  EXPECT_EQ(judged("age < 1h", {1, "no time"}), "no: the value is not a time");
  EXPECT_EQ(judged("age < 1h", {1, "2030-01-01"}), "no: the time lies 1136 d 12 h ahead of the data's own");
}

TEST(Expectation, what_cannot_be_meant_is_refused) {
  for (const char* wrong : {"", " ", ">=", "> much", "rows = many", "rows =", "age = 1h", "age <= soon", "age < 5"})
    EXPECT_FALSE(Expectation::parse(wrong).ok()) << wrong;
  // A text that a value may be, though it begins as something else does.
  for (const char* text : {"rowsome", "rows", "age"}) EXPECT_TRUE(Expectation::parse(text).ok()) << text;
}

TEST(Expectation, moments_are_read_as_databases_write_them) {
  const WallTime wanted = parse_time("2026-11-21T02:00:00Z").value();
  for (const char* form : {"2026-11-21 02:00:00", "2026-11-21 02:00:00.000+00", "2026-11-21 03:00:00+01",
                           "2026-11-20 23:00:00-03:00", "2026-11-21T02:00:00Z", "1795226400", "1795226400.0"})
    EXPECT_EQ(read_database_time(form), wanted) << form;
}

}  // namespace
}  // namespace hf
