#include "pg/toc.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

PgToc sample() {
  PgToc toc{.database = "app",
            .encoding = "UTF8",
            .collate = "C",
            .ctype = "de_DE.UTF-8",
            .server_version = 150020,
            .snapshot_lsn = "0/15D8",
            .taken = "2026-11-21T02:00:00Z",
            .large_objects = 3,
            .schema_bytes = 17,
            .schema_digest = std::string(64, 'a')};
  toc.tables.push_back({"public",
                        "ü\"x",
                        "tables/public/%C3%BC%22x.copy",
                        {"a", "B c"},
                        5,
                        to_bytes(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16))});
  return toc;
}

TEST(PgToc, what_is_encoded_is_decoded) {
  const PgToc toc = decode_toc(encode_toc(sample())).value();
  EXPECT_EQ(encode_toc(toc), encode_toc(sample()));
  EXPECT_EQ(toc.database, "app");
  EXPECT_EQ(toc.tables.at(0).name, "ü\"x");
  EXPECT_EQ(toc.tables.at(0).columns, (std::vector<std::string>{"a", "B c"}));
  EXPECT_EQ(toc.tables.at(0).rows, 5u);
}

TEST(PgToc, what_is_none_is_refused) {
  const std::string good = encode_toc(sample());
  for (size_t length = 0; length + 2 < good.size(); length += 7)
    EXPECT_EQ(decode_toc(good.substr(0, length)).error().code(), Code::Corrupt) << length;
  EXPECT_EQ(decode_toc("[]").error().code(), Code::Corrupt);
  EXPECT_EQ(decode_toc("{\"format\":2}").error().code(), Code::Unsupported);
  std::string other = good;
  other.replace(other.find("00000000"), 2, "zz");
  EXPECT_EQ(decode_toc(other).error().code(), Code::Corrupt);
}

}  // namespace
}  // namespace hf
