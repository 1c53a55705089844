#include "config/problems.h"

#include <gtest/gtest.h>

namespace hf::config {
namespace {

TEST(Problems, come_in_the_order_of_the_text_with_a_caret) {
  Problems problems;
  const size_t text = problems.add_text("f.yaml", "a: 1\r\n\tb: 2\n");
  problems.add({text, 1, 1}, "second");
  problems.add({text, 0, 3}, "first");
  EXPECT_EQ(problems.error().message(),
            "f.yaml:1:4: first\n 1 | a: 1\n   |    ^\nf.yaml:2:2: second\n 2 |  b: 2\n   |  ^");
}

TEST(Problems, columns_count_characters) {
  Problems problems;
  problems.add({problems.add_text("f", "größe: x"), 0, 9}, "here");
  EXPECT_EQ(problems.error().message(), "f:1:8: here\n 1 | größe: x\n   |        ^");
}

TEST(Problems, a_place_beyond_the_text_is_shown_at_its_end) {
  Problems problems;
  problems.add({problems.add_text("f", "a:"), 7, 3}, "not there");
  problems.add({0, 0, 9}, "behind");
  EXPECT_EQ(problems.error().message(), "f:1:3: behind\n 1 | a:\n   |   ^\nf:8:1: not there\n 8 | \n   | ^");
}

TEST(Problems, long_lines_are_cut_around_the_caret) {
  Problems problems;
  const std::string line = std::string(5000, 'a') + "ü!" + std::string(5000, 'b');
  problems.add({problems.add_text("f", line), 0, 5002}, "here");
  const std::string message = problems.error().message();
  EXPECT_LT(message.size(), 600u);
  EXPECT_NE(message.find("f:1:5002: here"), std::string::npos);
}

TEST(Problems, twenty_are_shown_and_the_rest_counted) {
  Problems problems;
  problems.add_text("f", "x");
  for (int i = 0; i < 23; ++i) problems.add({0, 0, 0}, "p");
  const std::string message = problems.error().message();
  EXPECT_EQ(std::count(message.begin(), message.end(), '^'), 20);
  EXPECT_TRUE(message.ends_with("and 3 more problems"));
}

TEST(Problems, secrets_are_blotted_out_of_the_lines_shown) {
  EXPECT_EQ(blot_secrets("password: hunter2"), "password: *******");
  EXPECT_EQ(blot_secrets("x: {api_token: 'a b', y: 1}"), "x: {api_token: *****, y: 1}");
  EXPECT_EQ(blot_secrets("\"Secret\" : abc # c"), "\"Secret\" : *******");
  EXPECT_EQ(blot_secrets("url: postgres://me:p:a@ss@host/db"), "url: postgres://me:******@host/db");
  EXPECT_EQ(blot_secrets("run: [x, --password=abc, y]"), "run: [x, --password=***, y]");
  for (const char* harmless :
       {"passphrase: $name", "secrets:", "secret: {file: /a}", "url: http://host:80/a@b", "a: b: c"})
    EXPECT_EQ(blot_secrets(harmless), harmless);
}

TEST(Problems, a_secret_blots_out_its_line_for_all_problems_there) {
  Problems problems;
  problems.add_text("f", "{db: hunter2, x: 1}");
  problems.add({0, 0, 14}, "other");
  problems.add_secret({0, 0, 5}, "secret");
  EXPECT_EQ(problems.error().message().find("hunter2"), std::string::npos);
  EXPECT_NE(problems.error().message().find("{db: *******, x: 1}"), std::string::npos);
}

TEST(Problems, passwords_are_seen_in_urls_and_connection_strings) {
  for (const char* text : {"postgres://u:p@h/db", "x=1 http://:p@h", "host=a password=b"})
    EXPECT_TRUE(has_password(text)) << text;
  for (const char* text : {"postgres://u@h/db", "http://h:80/x", "postgres:service=app", "a:b@c", "password=$x"})
    EXPECT_FALSE(has_password(text)) << text;
}

}  // namespace
}  // namespace hf::config
