#include "source/sqlite_put_back.h"

#include <signal.h>
#include <sqlite3.h>

#include "source/source_test_world.h"
#include "source/sqlite.h"
#include "support/faulty_fs.h"

namespace hf {
namespace {

// The program that uses the database is a file `running`; each command also writes its name to `log`.
class SqlitePutBackTest : public SourceTest {
 protected:
  void SetUp() override {
    sql(data("shop.db"), "CREATE TABLE t (x); INSERT INTO t VALUES ('old'), ('older')");
    const SourceKind kind = sqlite_source_kind();
    sink = std::make_unique<RecordingSink>(backup(kind, {{"path", {data("shop.db")}}}));
    recorded = sink->recorded("sqlite");
    std::filesystem::create_directory(top / "restored");
    std::ofstream(top / "restored/shop.db", std::ios::binary) << sink->text("shop.db");
    sql(data("shop.db"), "DELETE FROM t; INSERT INTO t VALUES ('new')");
    write("running", "");
    request = {.restored = top / "restored",
               .target = data("shop.db"),
               .stop = shell("echo stop >> log; rm -f running"),
               .start = shell("echo start >> log; touch running")};
  }

  std::vector<std::string> shell(const std::string& script) const {
    return {"sh", "-c", "cd " + data().string() + " && { " + script + "; }"};
  }
  // Gives the first column of all rows, joined.
  static std::string sql(const std::string& path, const std::string& text) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    std::string found;
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) += values[0] ? values[0] : "NULL";
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), take, &found, nullptr), SQLITE_OK) << text;
    sqlite3_close(database);
    return found;
  }
  std::string content(const std::string& name) { return sql(data(name), "SELECT x FROM t ORDER BY x"); }
  std::string text(const std::string& name) const {
    std::ifstream in(data(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  bool is_running() const { return std::filesystem::exists(data("running")); }
  // All names but those of the program, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(data()))
      if (const std::string name = entry.path().filename(); name != "running" && name != "log") found.push_back(name);
    std::sort(found.begin(), found.end());
    return found;
  }
  std::string kept() const {
    for (const std::string& name : names())
      if (name.starts_with("shop.db.before-restore-") && name.ends_with("Z")) return name;
    ADD_FAILURE() << "nothing was kept";
    return "none";
  }

  Result<std::vector<CheckResult>> put_back(Fs* use = nullptr) {
    return put_back_sqlite(world(use ? *use : *fs), recorded, request);
  }
  void expect_all_passed(const Result<std::vector<CheckResult>>& checks) {
    ASSERT_TRUE(checks.ok()) << checks.error().message() << checks.error().detail();
    EXPECT_EQ(checks.value().size(), 4u);
    for (const CheckResult& check : checks.value()) EXPECT_TRUE(check.passed) << check.name << ": " << check.message;
  }

  std::unique_ptr<RecordingSink> sink;
  RecordedSource recorded;
  PutBack request;
};

TEST_F(SqlitePutBackTest, the_restored_database_takes_the_place_and_the_old_one_is_kept) {
  std::filesystem::permissions(data("shop.db"), std::filesystem::perms(0640));
  expect_all_passed(put_back());
  EXPECT_EQ(content("shop.db"), "oldolder");
  EXPECT_EQ(content(kept()), "new");
  EXPECT_EQ(names().size(), 2u);
  EXPECT_EQ(std::filesystem::status(data("shop.db")).permissions(), std::filesystem::perms(0640));
  EXPECT_EQ(text("log"), "stop\nstart\n");
  EXPECT_TRUE(is_running());
}

TEST_F(SqlitePutBackTest, the_old_log_is_kept_with_the_old_database_and_not_played_into_the_new_one) {
  // As a program leaves it that was killed: rows that are committed stand in the log only.
  sqlite3* killed = nullptr;
  ASSERT_EQ(sqlite3_open(data("shop.db").c_str(), &killed), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(killed, "PRAGMA journal_mode = WAL; INSERT INTO t VALUES ('logged')", nullptr, nullptr, nullptr),
      SQLITE_OK);
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(data("shop.db") + suffix, top / ("killed" + std::string(suffix)));
  sqlite3_close(killed);
  for (const char* suffix : {"", "-wal"})
    std::filesystem::copy_file(top / ("killed" + std::string(suffix)), data("shop.db") + suffix,
                               std::filesystem::copy_options::overwrite_existing);
  expect_all_passed(put_back());
  EXPECT_FALSE(std::filesystem::exists(data("shop.db-wal")));
  EXPECT_EQ(content("shop.db"), "oldolder");
  EXPECT_EQ(content(kept()), "loggednew");
}

TEST_F(SqlitePutBackTest, a_failing_stop_command_leaves_all_as_before_and_the_program_running) {
  const std::string before = text("shop.db");
  request.stop = shell("rm -f running; echo no >&2; exit 3");
  const Result<std::vector<CheckResult>> checks = put_back();
  ASSERT_FALSE(checks.ok());
  EXPECT_EQ(checks.error().code(), Code::Failed);
  EXPECT_NE(checks.error().message().find("stop command sh exited with status 3"), std::string::npos)
      << checks.error().message();
  EXPECT_EQ(checks.error().detail(), "no\n");
  EXPECT_EQ(text("shop.db"), before);
  EXPECT_EQ(names(), std::vector<std::string>{"shop.db"});
  EXPECT_TRUE(is_running());
}

TEST_F(SqlitePutBackTest, what_is_not_as_recorded_is_not_put_back_and_nothing_is_stopped) {
  const std::string before = text("shop.db");
  recorded.tables.at(0).rows = 7;
  const Result<std::vector<CheckResult>> checks = put_back();
  ASSERT_TRUE(checks.ok());
  EXPECT_EQ(checks.value().at(0).name, "put back");
  EXPECT_FALSE(checks.value().at(0).passed);
  EXPECT_EQ(text("shop.db"), before);
  EXPECT_EQ(names(), std::vector<std::string>{"shop.db"});
  EXPECT_FALSE(std::filesystem::exists(data("log")));
}

TEST_F(SqlitePutBackTest, a_failing_start_command_is_an_error_that_says_the_database_is_in_its_place) {
  request.start = {"false"};
  const Result<std::vector<CheckResult>> checks = put_back();
  ASSERT_FALSE(checks.ok());
  EXPECT_NE(checks.error().message().find("in its place, but its program does not run"), std::string::npos);
  EXPECT_EQ(content("shop.db"), "oldolder");
}

TEST_F(SqlitePutBackTest, a_program_that_goes_on_with_the_streams_of_its_start_command_is_neither_awaited_nor_ended) {
  request.start = shell("sleep 30 & echo $! > running");
  const MonoTime begin = clock.mono();
  expect_all_passed(put_back());
  EXPECT_LT(clock.mono() - begin, std::chrono::seconds(20));
  const pid_t program = std::stoi(text("running"));
  EXPECT_EQ(kill(program, SIGTERM), 0);  // it was there
}

TEST_F(SqlitePutBackTest, a_database_that_is_gone_is_put_back_through_a_link) {
  std::filesystem::remove(data("shop.db"));
  std::filesystem::create_symlink("shop.db", data("link"));
  request.target = data("link");
  expect_all_passed(put_back());
  EXPECT_EQ(names(), (std::vector<std::string>{"link", "shop.db"}));
  EXPECT_TRUE(std::filesystem::is_symlink(data("link")));
  EXPECT_EQ(content("shop.db"), "oldolder");
}

TEST_F(SqlitePutBackTest, whichever_call_fails_one_whole_database_is_in_place_and_the_program_runs) {
  for (const bool with_log : {false, true}) {
    for (uint64_t number = 1;; ++number) {
      SCOPED_TRACE((with_log ? "with a log, call " : "call ") + std::to_string(number));
      std::filesystem::remove_all(data());
      std::filesystem::create_directory(data());
      sql(data("shop.db"), "CREATE TABLE t (x); INSERT INTO t VALUES ('new')");
      if (with_log) write("shop.db-wal", "");
      write("running", "");
      FaultyFs faulty(*fs);
      faulty.faults().fail_at(number, Code::Failed, "no space left");
      const Result<std::vector<CheckResult>> checks = put_back(&faulty);
      EXPECT_TRUE(is_running());
      const bool was_reached = faulty.faults().calls() >= number;
      EXPECT_EQ(std::filesystem::exists(data("shop.db-wal")), with_log && !checks.ok());
      for (const std::string& name : names()) {
        const bool is_kept = checks.ok() && name.starts_with("shop.db.before-restore-");
        EXPECT_TRUE(is_kept || name == "shop.db" || name == "shop.db-wal") << name;
      }
      EXPECT_EQ(content("shop.db"), checks.ok() ? "oldolder" : "new");
      if (!was_reached) {
        EXPECT_TRUE(checks.ok());
        EXPECT_GT(number, 8u);
        break;
      }
    }
  }
}

}  // namespace
}  // namespace hf
