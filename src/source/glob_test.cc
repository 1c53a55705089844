#include "source/glob.h"

#include <gtest/gtest.h>

#include "source/argv.h"
#include "source/select.h"

namespace hf {
namespace {

bool excluded(const std::vector<std::string>& rules, std::string_view path, bool is_directory = false) {
  const Result<Excludes> excludes = Excludes::parse(rules);
  EXPECT_TRUE(excludes.ok());
  return excludes.value().excludes(path, is_directory);
}

TEST(Glob, stars_and_sets_match_within_a_name) {
  EXPECT_TRUE(glob_matches("*.joblib", "model.joblib"));
  EXPECT_FALSE(glob_matches("*.joblib", "model.joblib.tmp"));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbXbc"));
  EXPECT_FALSE(glob_matches("a*b*c", "aXbXb"));
  EXPECT_TRUE(glob_matches("?[a-c][!x]", "zby"));
  EXPECT_FALSE(glob_matches("?[a-c][!x]", "zbx"));
  EXPECT_TRUE(glob_matches("[]]", "]"));
  EXPECT_TRUE(glob_matches("[open", "[open"));
  EXPECT_TRUE(glob_matches("\\*", "*"));
  EXPECT_FALSE(glob_matches("\\*", "x"));
  EXPECT_TRUE(glob_matches("[\x80-\xff]", "\xe9"));
}

TEST(Glob, many_stars_take_no_more_than_quadratic_time) {
  const std::string name(4000, 'a');
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a*";
  EXPECT_FALSE(glob_matches(pattern + "b", name));
}

TEST(Excludes, a_rule_without_slash_matches_at_any_depth) {
  EXPECT_TRUE(excluded({"*.tmp"}, "a/b/x.tmp"));
  EXPECT_TRUE(excluded({"*.tmp"}, "x.tmp"));
  EXPECT_FALSE(excluded({"*.tmp"}, "x.tmp.keep"));
}

TEST(Excludes, a_slash_anchors_at_the_base) {
  EXPECT_TRUE(excluded({"/cache"}, "cache"));
  EXPECT_FALSE(excluded({"/cache"}, "a/cache"));
  EXPECT_TRUE(excluded({"a/*.log"}, "a/x.log"));
  EXPECT_FALSE(excluded({"a/*.log"}, "b/a/x.log"));
  EXPECT_FALSE(excluded({"a/*.log"}, "a/b/x.log"));
}

TEST(Excludes, a_trailing_slash_means_directories_only) {
  EXPECT_TRUE(excluded({"build/"}, "a/build", true));
  EXPECT_FALSE(excluded({"build/"}, "a/build", false));
}

TEST(Excludes, two_stars_match_any_number_of_directories) {
  EXPECT_TRUE(excluded({"**/logs/*.gz"}, "logs/x.gz"));
  EXPECT_TRUE(excluded({"**/logs/*.gz"}, "a/b/logs/x.gz"));
  EXPECT_TRUE(excluded({"a/**/z"}, "a/z"));
  EXPECT_TRUE(excluded({"a/**/z"}, "a/b/c/z"));
  EXPECT_TRUE(excluded({"a/**"}, "a/b"));
  EXPECT_FALSE(excluded({"a/**"}, "a"));
}

TEST(Excludes, the_last_matching_rule_decides) {
  EXPECT_FALSE(excluded({"*.tmp", "!keep.tmp"}, "a/keep.tmp"));
  EXPECT_TRUE(excluded({"!keep.tmp", "*.tmp"}, "a/keep.tmp"));
}

TEST(Excludes, an_empty_rule_is_invalid) {
  EXPECT_EQ(Excludes::parse({"!"}).error().code(), Code::Invalid);
  EXPECT_EQ(Excludes::parse({"/"}).error().code(), Code::Invalid);
}

TEST(Selection, only_literal_names_need_no_listing) {
  Selection selection;
  selection.add("b/x", true);
  selection.add("a", true);
  EXPECT_EQ(selection.names(selection.begin().states), (std::vector<std::string>{"a", "b"}));
  selection.add("*.c", false);
  EXPECT_EQ(selection.names(selection.begin().states), std::nullopt);
}

TEST(Selection, two_stars_are_followed_to_any_depth) {
  Selection selection;
  selection.add("a/**/z", false);
  Selection::Step step = selection.begin();
  for (const char* name : {"a", "b", "c"}) {
    step = selection.step(step.states, name);
    EXPECT_TRUE(step.complete.empty());
  }
  EXPECT_EQ(selection.step(step.states, "z").complete, std::vector<size_t>{0});
  EXPECT_TRUE(selection.step(selection.begin().states, "b").states.empty());
}

TEST(Argv, quotes_and_backslashes_are_honoured) {
  EXPECT_EQ(split_argv("pg_dump  --file 'a b' \"c \\\" d\" e\\ f ''").value(),
            (std::vector<std::string>{"pg_dump", "--file", "a b", "c \" d", "e f", ""}));
  EXPECT_EQ(split_argv("echo '$x | y' \"*\"").value(), (std::vector<std::string>{"echo", "$x | y", "*"}));
  EXPECT_EQ(split_argv("a \"b\\c\"").value(), (std::vector<std::string>{"a", "b\\c"}));
}

TEST(Argv, what_needs_a_shell_is_refused_with_a_hint) {
  for (const char* text : {"a | b", "a > b", "a < b", "a & b", "a; b", "a $b", "a `b`", "(a)", "a *", "a?"}) {
    const Result<std::vector<std::string>> argv = split_argv(text);
    ASSERT_FALSE(argv.ok()) << text;
    EXPECT_EQ(argv.error().code(), Code::Invalid);
    EXPECT_NE(argv.error().hint().find("no shell"), std::string::npos);
  }
  EXPECT_EQ(split_argv("a 'b").error().code(), Code::Invalid);
  EXPECT_EQ(split_argv("a \\").error().code(), Code::Invalid);
}

}  // namespace
}  // namespace hf
