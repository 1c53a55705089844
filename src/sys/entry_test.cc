#include "sys/entry.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

TEST(Entry, a_directory_is_followed_by_all_that_is_in_it) {
  const std::vector<std::string> sorted{"", "a", "a/b", "a/b/c", "a/z", "a!", "a-b", "ab", "b", "\xff", "\xff/a"};
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (size_t j = 0; j < sorted.size(); ++j) {
      const int order = compare_paths(sorted[i], sorted[j]);
      EXPECT_EQ(order < 0, i < j) << sorted[i] << " " << sorted[j];
      EXPECT_EQ(order == 0, i == j) << sorted[i] << " " << sorted[j];
    }
  }
}

TEST(Entry, only_plain_relative_paths_are_valid) {
  for (const std::string& path : {std::string(""), std::string("a"), std::string("a/b"), std::string("..a/.b/c.."),
                                  std::string("\xff\n"), std::string(255, 'a')})
    EXPECT_TRUE(is_valid_path(path)) << path;
  for (const std::string& path :
       {std::string("/"), std::string("/a"), std::string("a/"), std::string("a//b"), std::string("."),
        std::string(".."), std::string("a/../b"), std::string("a/."), std::string("a\0b", 3), std::string(256, 'a')})
    EXPECT_FALSE(is_valid_path(path)) << path;
  std::string longest = "a";
  while (longest.size() < 4095) longest += "/a";
  ASSERT_EQ(longest.size(), 4095u);
  EXPECT_TRUE(is_valid_path(longest));
  EXPECT_FALSE(is_valid_path(longest + "a"));
}

TEST(Entry, a_printed_path_cannot_command_a_terminal) {
  EXPECT_EQ(printable("a/b \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "a/b \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(printable("\x1b[31m\n\x7f"), "\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");           // a control character of eight bits
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // turns the direction of writing around
}

}  // namespace
}  // namespace hf
