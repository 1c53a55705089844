#include "pg/row_digest.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace hf {
namespace {

std::string hex_of(std::string_view text) {
  PgRowDigest digest;
  digest.add(as_bytes(text));
  return to_hex(digest.digest());
}

TEST(PgRowDigest, no_rows_are_zero) {
  EXPECT_EQ(hex_of(""), std::string(32, '0'));
}

// XXH3-128 of the empty string and of "a", by the reference implementation; and their sum.
TEST(PgRowDigest, is_the_sum_of_the_rows_hashes) {
  EXPECT_EQ(hex_of("\n"), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hex_of("a\n"), "a96faf705af16834e6c632b61e964e1f");
  EXPECT_EQ(hex_of("a\n\n"), "4319b6435c39010d46c7f5da6523979e");
}

TEST(PgRowDigest, order_does_not_matter_and_number_does) {
  EXPECT_EQ(hex_of("1\tx\n2\ty\n"), hex_of("2\ty\n1\tx\n"));
  EXPECT_NE(hex_of("1\n1\n"), hex_of("1\n"));
  EXPECT_NE(hex_of("1\n1\n"), hex_of("2\n2\n"));
}

TEST(PgRowDigest, where_the_stream_is_cut_does_not_matter) {
  rc::check("any cut", [](const std::vector<std::string>& words, uint8_t step) {
    std::string text;
    for (const std::string& word : words) text += word + "\n";
    PgRowDigest whole, parts;
    whole.add(as_bytes(text));
    for (size_t at = 0; at < text.size(); at += step + 1u)
      parts.add(as_bytes(text).subspan(at).first(std::min<size_t>(step + 1u, text.size() - at)));
    RC_ASSERT(whole.digest() == parts.digest());
    RC_ASSERT(whole.rows() == parts.rows());
    RC_ASSERT(parts.is_between_rows());
  });
}

TEST(PgRowDigest, parts_of_a_table_add_up) {
  PgRowDigest first, second;
  first.add(as_bytes("1\n2\n"));
  second.add(as_bytes("3\n"));
  first.add(second);
  EXPECT_EQ(first.rows(), 3u);
  EXPECT_EQ(to_hex(first.digest()), hex_of("3\n1\n2\n"));
}

TEST(PgRowDigest, a_row_without_its_end_is_seen) {
  PgRowDigest digest;
  digest.add(as_bytes("1\n2"));
  EXPECT_FALSE(digest.is_between_rows());
  EXPECT_EQ(digest.rows(), 1u);
}

}  // namespace
}  // namespace hf
