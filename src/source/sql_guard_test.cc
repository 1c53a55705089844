#include "source/sql_guard.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

Status read(const std::string& script) {
  SqlGuard guard;
  HF_TRY(guard.feed(as_bytes(script)));
  return guard.finish();
}

TEST(SqlGuard, lets_through_what_pg_dump_writes) {
  const Status status = read(
      "\\restrict aB9\n\nSET a = 'x';\nCOPY t (a) FROM stdin;\n\\N\n\\\\! id\n\\.\nSELECT E'\\\\ \\' "
      "\\!', $$ \\! $$, \"\\!\";\n"
      "-- \\! in a comment\n/* \\! */ SELECT 1;\n\\unrestrict aB9\n");
  EXPECT_TRUE(status.ok()) << status.error().message();
}

TEST(SqlGuard, refuses_what_psql_would_run_and_names_the_line) {
  for (const std::string command :
       {"\\! id", "\\copy t from x", "\\i x", "\\o |id", "\\restrict `id`", "\\unrestrict a b", "\\connect other",
        "select 1 \\g |id", "  \\! id", "select 1; \\! id"}) {
    const Status status = read("create table t(a int);\n" + command + "\n");
    ASSERT_FALSE(status.ok()) << command;
    EXPECT_EQ(status.error().code(), Code::Refused) << command;
    EXPECT_NE(status.error().message().find("line 2"), std::string::npos) << status.error().message();
  }
}

TEST(SqlGuard, a_script_cut_short_is_corrupt) {
  EXPECT_EQ(read("create table t(").error().code(), Code::Corrupt);
  EXPECT_EQ(read("COPY t FROM stdin;\n1\n").error().code(), Code::Corrupt);
}

}  // namespace
}  // namespace hf
