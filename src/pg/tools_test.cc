#include "pg/tools.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/live_postgres.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"
#include "sys/real_world.h"

namespace hf {
namespace {

class PgToolsTest : public testing::Test {
 protected:
  Result<PgTool> find(const PgToolQuery& query) {
    return find_pg_tool(*fs, *process, query, Deadline(*clock, std::chrono::minutes(2)), {});
  }
  // A pg_dump that says only this.
  std::string stand_in(const std::string& script) {
    const std::string path = directory / "pg_dump";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::all);
    return directory.path();
  }

  TempDirectory directory;
  const std::unique_ptr<Clock> clock = make_real_clock();
  const std::unique_ptr<Fs> fs = make_posix_fs();
  const std::unique_ptr<Process> process = make_posix_process(*clock);
};

TEST_F(PgToolsTest, the_installed_one_is_found) {
  const PgTool tool = find({.name = "pg_dump", .bin = "", .major_min = 13}).value();
  EXPECT_GE(tool.major, 13);
  const PgTool there = find({.name = "pg_dump", .bin = LivePostgres::programs(), .major_min = 13}).value();
  EXPECT_EQ(there.path, LivePostgres::programs() + "/pg_dump");
}

TEST_F(PgToolsTest, an_older_one_is_refused_with_both_versions_and_the_package) {
  const std::string bin = stand_in("echo 'pg_dump (PostgreSQL) 9.6.24'");
  const Result<PgTool> tool = find({.name = "pg_dump", .bin = bin, .major_min = 15});
  ASSERT_FALSE(tool.ok());
  EXPECT_EQ(tool.error().message(), "pg_dump is of version 9, older than the server's, which is 15");
  EXPECT_NE(tool.error().hint().find("postgresql-client-15"), std::string::npos);
}

TEST_F(PgToolsTest, a_newer_one_does) {
  EXPECT_EQ(
      find({.name = "pg_dump", .bin = stand_in("echo 'pg_dump (PostgreSQL) 17beta1'"), .major_min = 15}).value().major,
      17);
}

TEST_F(PgToolsTest, none_at_all_is_told_with_the_package) {
  const Result<PgTool> tool = find({.name = "pg_dump", .bin = directory.path(), .major_min = 16});
  ASSERT_FALSE(tool.ok());
  EXPECT_EQ(tool.error().code(), Code::Failed);
  EXPECT_NE(tool.error().hint().find("postgresql-client-16"), std::string::npos);
}

TEST_F(PgToolsTest, one_that_fails_or_says_something_else_is_refused) {
  for (const char* script : {"exit 1", "echo hello", "echo 'pg_dump (PostgreSQL) 15.1'; exit 3"})
    EXPECT_EQ(find({.name = "pg_dump", .bin = stand_in(script), .major_min = 15}).error().code(), Code::Failed)
        << script;
}

}  // namespace
}  // namespace hf
