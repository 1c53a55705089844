#include "pg/names.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace hf {
namespace {

TEST(PgNames, plain_names_are_their_own_file_names) {
  EXPECT_EQ(pg_file_name("users_2026.v1-A"), "users_2026.v1-A");
}

TEST(PgNames, what_a_path_or_a_shell_would_take_is_escaped) {
  EXPECT_EQ(pg_file_name("../x"), "%2E.%2Fx");
  EXPECT_EQ(pg_file_name("."), "%2E");
  EXPECT_EQ(pg_file_name("a b%\n"), "a%20b%25%0A");
  EXPECT_EQ(pg_file_name("ü"), "%C3%BC");
}

TEST(PgNames, a_file_name_gives_its_name_back_and_no_other_does) {
  rc::check("round trip",
            [](const std::string& name) { RC_ASSERT(pg_name_of_file(pg_file_name(name)) == std::optional(name)); });
  for (const char* wrong : {"a%2", "a%", "%2f", "%41", ".a", "a b", "a/b"})
    EXPECT_EQ(pg_name_of_file(wrong), std::nullopt) << wrong;
}

TEST(PgNames, quoting_leaves_no_way_out) {
  EXPECT_EQ(pg_quoted("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(pg_quoted("S", "T"), "\"S\".\"T\"");
  EXPECT_EQ(pg_literal("it's"), "'it''s'");
  EXPECT_EQ(pg_literal("a\\'b"), " E'a\\\\''b'");
  EXPECT_EQ(pg_column_list({"a", "B c"}), "(\"a\", \"B c\")");
  EXPECT_EQ(pg_column_list({}), "");
}

}  // namespace
}  // namespace hf
