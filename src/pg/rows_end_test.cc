#include "pg/rows_end.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

struct Taken {
  std::string rows;
  Status status;
};

// In pieces of every size.
std::vector<Taken> take(const std::string& data) {
  std::vector<Taken> all;
  for (size_t piece = 1; piece <= data.size() + 1; ++piece) {
    PgRowsEnd end;
    Taken taken;
    const auto rows = [&](BytesView bytes) -> Status {
      taken.rows += as_text(bytes);
      return {};
    };
    for (size_t at = 0; at < data.size() && taken.status.ok(); at += piece)
      taken.status = end.take(as_bytes(std::string_view(data).substr(at, piece)), rows);
    if (taken.status.ok()) taken.status = end.finish();
    all.push_back(std::move(taken));
  }
  return all;
}

TEST(PgRowsEnd, rows_are_all_before_the_end) {
  for (const std::string rows : {"", "1\ta\n2\t\\N\n", "\\N\n", "\\\\.\n", "a\\.\n", "\n\n", "\\.x\n", "\\\n"})
    for (const Taken& taken : take(rows + "\\.\n\n\n")) {
      EXPECT_TRUE(taken.status.ok()) << rows;
      EXPECT_EQ(taken.rows, rows);
    }
}

TEST(PgRowsEnd, what_has_no_end_or_more_behind_it_is_corrupt) {
  for (const std::string data : {"", "1\n", "1\n\\.", "\\.\n2\n", "1\n\\.\n\n\\.\n"})
    for (const Taken& taken : take(data)) EXPECT_FALSE(taken.status.ok()) << data;
}

}  // namespace
}  // namespace hf
