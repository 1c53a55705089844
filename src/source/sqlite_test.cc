#include "source/sqlite.h"

#include <sqlite3.h>

#include "base/task_group.h"
#include "source/source_test_world.h"
#include "source/sqlite_snapshot.h"

namespace hf {
namespace {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

// A program that uses the database.
class User {
 public:
  explicit User(const std::string& path) {
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
    database_.reset(raw);
    sqlite3_busy_timeout(raw, 10'000);
  }
  void run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(database_.get());
  }
  std::string text(const std::string& sql) {
    std::string found;
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) += values[0] ? values[0] : "NULL";
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database_.get(), sql.c_str(), take, &found, nullptr), SQLITE_OK) << sql;
    return found;
  }

 private:
  std::unique_ptr<sqlite3, Close> database_;
};

class SqliteTest : public SourceTest {
 protected:
  const std::string path = data("shop.db");
  const SourceKind kind = sqlite_source_kind();
  const SourceOptions options{{"path", {path}}};

  // Writes what was captured to a directory of its own.
  std::string restore(const RecordingSink& sink) {
    const std::filesystem::path directory = top / ("restored" + std::to_string(++restored_));
    std::filesystem::create_directory(directory);
    std::ofstream(directory / "shop.db", std::ios::binary) << sink.text("shop.db");
    return directory.string();
  }
  std::vector<CheckResult> prove(const std::string& directory, const RecordingSink& sink) {
    const RecordedSource recorded = sink.recorded("sqlite");
    Result<Proved> proved =
        kind.prove(world(), {.directory = directory, .recorded = recorded, .scratch = top.string()});
    EXPECT_TRUE(proved.ok());
    return proved.ok() ? std::move(proved).value().checks : std::vector<CheckResult>{};
  }
  void expect_proven(const RecordingSink& sink) {
    const std::string directory = restore(sink);
    for (const CheckResult& check : prove(directory, sink)) EXPECT_TRUE(check.passed) << check.name << check.message;
    EXPECT_EQ(User(directory + "/shop.db").text("PRAGMA integrity_check"), "ok");
  }
  std::string failure(const std::string& directory, const RecordingSink& sink, const std::string& name) {
    for (const CheckResult& check : prove(directory, sink))
      if (check.name == name && !check.passed) return check.message;
    return "";
  }
  static uint64_t rows(const RecordingSink& sink, const std::string& table) {
    for (const TableFact& fact : sink.tables)
      if (fact.name == table) return fact.rows;
    return UINT64_MAX;
  }

 private:
  int restored_ = 0;
};

TEST_F(SqliteTest, committed_rows_in_the_log_are_captured_and_uncommitted_ones_are_not) {
  User writer(path);
  writer.run("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)");
  writer.run("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 5");
  writer.run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
      " INSERT INTO t SELECT i, hex(randomblob(100)) FROM n");
  // Large enough to be spilled to the log before it is committed.
  writer.run(
      "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1001 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)"
      " INSERT INTO t SELECT i, hex(randomblob(100)) FROM n; UPDATE t SET x = 'dirty' WHERE id = 5");
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(rows(sink, "t"), 1000u);
  EXPECT_EQ(sink.facts.at("journal_mode"), "wal");
  expect_proven(sink);
  User copy(restore(sink) + "/shop.db");
  EXPECT_EQ(copy.text("SELECT count(*) FROM t"), "1000");
  EXPECT_EQ(copy.text("SELECT count(*) FROM t WHERE x = 'dirty'"), "0");
  writer.run("COMMIT");
  EXPECT_EQ(rows(backup(kind, options), "t"), 9000u);
}

TEST_F(SqliteTest, a_snapshot_agrees_with_its_facts_while_writers_commit_and_checkpoint) {
  User setup(path);
  setup.run("PRAGMA journal_mode = WAL; CREATE TABLE t (x); CREATE INDEX i ON t (x)");
  TaskGroup writers;
  writers.start("writer", [&](std::stop_token stop) -> Status {
    User writer(path);
    for (int i = 0; !stop.stop_requested(); ++i) {
      writer.run("BEGIN; INSERT INTO t VALUES (hex(randomblob(300))); DELETE FROM t WHERE rowid % 7 = " +
                 std::to_string(i % 7) + " AND rowid < (SELECT max(rowid) FROM t) - 500; COMMIT");
      if (i % 50 == 0) writer.text("PRAGMA wal_checkpoint(PASSIVE)");
      if (i % 90 == 0) writer.text("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    return {};
  });
  for (int i = 0; i < 15; ++i) expect_proven(backup(kind, options));
  writers.request_stop();
  EXPECT_TRUE(writers.join().ok());
}

TEST_F(SqliteTest, what_happens_to_the_log_during_the_copy_does_not_matter) {
  User writer(path);
  writer.run("PRAGMA journal_mode = WAL; CREATE TABLE t (x); PRAGMA wal_autocheckpoint = 0");
  const std::string insert =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
      " INSERT INTO t SELECT randomblob(1000) FROM n";
  writer.run(insert);
  // A sink in whose first block of data somebody else goes on writing and checkpointing.
  struct MeddlingSink final : Sink {
    RecordingSink sink;
    std::function<void()> meddle;
    Status entry(Entry e) override { return sink.entry(std::move(e)); }
    Status unchanged(Entry e) override { return sink.unchanged(std::move(e)); }
    Status file(Entry e, Bytes content) override { return sink.file(std::move(e), std::move(content)); }
    Result<Bytes> fingerprint(std::string_view n, BytesView v) override { return sink.fingerprint(n, v); }
    Result<std::vector<KeyFact>> keys() override { return sink.keys(); }
    Status begin(std::string_view path, CutHint hint) override { return sink.begin(path, hint); }
    Status data(Bytes bytes) override {
      if (meddle) std::exchange(meddle, nullptr)();
      return sink.data(std::move(bytes));
    }
    Status hole(uint64_t length) override { return sink.hole(length); }
    Status zeros(uint64_t length) override { return sink.zeros(length); }
    Status end(Entry e) override { return sink.end(std::move(e)); }
    void problem(std::string path, std::string what) override { sink.problem(std::move(path), std::move(what)); }
    void table(TableFact table) override { sink.table(std::move(table)); }
    void fact(std::string name, std::string value) override { sink.fact(std::move(name), std::move(value)); }
  };
  for (const bool is_checkpointed_before : {false, true}) {
    // With all of the log in the file already, the writer may begin the log anew under our eyes.
    if (is_checkpointed_before) writer.text("PRAGMA wal_checkpoint(PASSIVE)");
    MeddlingSink sink;
    sink.meddle = [&] {
      writer.run("UPDATE t SET x = randomblob(1000); " + insert);
      writer.text("PRAGMA wal_checkpoint(PASSIVE)");
      writer.run("DELETE FROM t WHERE rowid % 2");
    };
    const std::unique_ptr<Source> source = kind.open(world(), "source", options).value();
    RecordingPrevious previous(nullptr);
    const std::string before = writer.text("SELECT count(*) FROM t");
    ASSERT_TRUE(source->run(sink, previous, {}).ok());
    EXPECT_EQ(std::to_string(rows(sink.sink, "t")), before);
    expect_proven(sink.sink);
  }
}

TEST_F(SqliteTest, pages_are_of_the_moment_that_sql_sees_however_fast_others_write) {
  User setup(path);
  setup.run("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES ('00000000')");
  TaskGroup writers;
  writers.start("writer", [&](std::stop_token stop) -> Status {
    User writer(path);
    // The log begins anew every few commits, and every commit writes the same page.
    writer.run("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4");
    for (int i = 1; !stop.stop_requested(); ++i) {
      writer.run("UPDATE t SET x = printf('%08d', " + std::to_string(i) + ")");
      // With a reader always there, the log would only grow.
      if (i % 300 == 0) writer.text("PRAGMA wal_checkpoint(RESTART)");
    }
    return {};
  });
  SqliteDatabase database =
      SqliteDatabase::open(path, "shop.db", SqliteDatabase::Sharing::Live, std::chrono::seconds(10)).value();
  int wrong = 0;
  for (int i = 0; i < 1500; ++i) {
    Result<SqliteSnapshot> snapshot = SqliteSnapshot::begin(database);
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message();
    const std::string x = database.text("SELECT x FROM t").value();
    for (int again = 0; again < 5; ++again) {
      Bytes page(snapshot.value().page_bytes());
      ASSERT_TRUE(snapshot.value().read(2, page).ok());
      if (as_text(page).find(x) == std::string_view::npos) ++wrong;
    }
  }
  EXPECT_EQ(wrong, 0);
  writers.request_stop();
  EXPECT_TRUE(writers.join().ok());
}

TEST_F(SqliteTest, every_kind_of_table_is_counted_or_named) {
  User writer(path);
  writer.run(
      "PRAGMA page_size = 1024; PRAGMA user_version = 7;"
      "CREATE TABLE plain (a, b DEFAULT 2.5, c BLOB);"
      "INSERT INTO plain VALUES (1, NULL, x'00ff'), ('1', -0.5, '');"
      "CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO keyed VALUES ('x', 9e99);"
      "CREATE TABLE made (a INT, b AS (a * 2), c AS (a + 1) STORED); INSERT INTO made VALUES (4);"
      "CREATE TABLE \"odd \"\"name\" (\"or der\"); INSERT INTO \"odd \"\"name\" VALUES (1);"
      "CREATE VIEW v AS SELECT * FROM plain; CREATE VIRTUAL TABLE search USING fts5 (body);"
      "INSERT INTO search VALUES ('words')");
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(rows(sink, "plain"), 2u);
  EXPECT_EQ(rows(sink, "keyed"), 1u);
  EXPECT_EQ(rows(sink, "made"), 1u);
  EXPECT_EQ(rows(sink, "odd \"name"), 1u);
  EXPECT_EQ(rows(sink, "v"), UINT64_MAX);
  EXPECT_EQ(rows(sink, "search"), UINT64_MAX);
  EXPECT_EQ(sink.facts.at("tables_without_digest"), "search");
  EXPECT_EQ(sink.facts.at("user_version"), "7");
  EXPECT_EQ(sink.facts.at("page_size"), "1024");
  EXPECT_EQ(sink.find("shop.db")->hint.kind, CutHint::Kind::Pages);
  EXPECT_EQ(sink.find("shop.db")->hint.page_bytes, 1024u);
  expect_proven(sink);
}

TEST_F(SqliteTest, a_digest_depends_on_every_value_and_not_on_the_order) {
  const auto digest_of = [&](const std::string& values) {
    std::filesystem::remove(path);
    User(path).run("CREATE TABLE t (a, b); INSERT INTO t VALUES " + values);
    return backup(kind, options).tables.at(0).digest;
  };
  const Bytes digest = digest_of("(1, 'x'), (2, 'y')");
  EXPECT_EQ(digest_of("(2, 'y'), (1, 'x')"), digest);
  for (const char* other : {"(1, 'x'), (2, 'z')", "(1, 'x'), ('2', 'y')", "(1, 'x'), (2.0, 'y')", "(1, 'y'), (2, 'x')",
                            "(1, 'x'), (2, x'79')", "(1, 'x'), (2, 'y'), (2, 'y')", "(1, 'x'), (2, NULL)"})
    EXPECT_NE(digest_of(other), digest) << other;
}

TEST_F(SqliteTest, a_digest_is_what_the_format_says) {
  User(path).run("CREATE TABLE t (a)");
  // SHA-256 of 40 zero bytes: no rows, and a sum of nothing.
  EXPECT_EQ(to_hex(backup(kind, options).tables.at(0).digest),
            "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb");
}

TEST_F(SqliteTest, utf16_databases_are_read_as_text) {
  User writer(path);
  writer.run("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (x); INSERT INTO t VALUES ('g\xc3\xbc')");
  const RecordingSink utf16 = backup(kind, options);
  std::filesystem::remove(path);
  User(path).run("CREATE TABLE t (x); INSERT INTO t VALUES ('g\xc3\xbc')");
  EXPECT_EQ(utf16.tables, backup(kind, options).tables);
}

TEST_F(SqliteTest, a_rollback_mode_database_is_captured) {
  User writer(path);
  writer.run("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  writer.run("BEGIN; INSERT INTO t VALUES (2)");
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(rows(sink, "t"), 1u);
  EXPECT_EQ(sink.facts.at("journal_mode"), "delete");
  expect_proven(sink);
}

TEST_F(SqliteTest, a_locked_database_is_unavailable_after_the_timeout) {
  User writer(path);
  writer.run("CREATE TABLE t (x); BEGIN EXCLUSIVE");
  RecordingSink sink;
  const Status status = run(kind, {{"path", {path}}, {"busy_timeout", {"50000000"}}}, sink);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Unavailable);
  EXPECT_NE(status.error().message().find("locked"), std::string::npos);
}

TEST_F(SqliteTest, what_is_not_a_database_is_said_so) {
  write("shop.db", std::string(5000, 'x'));
  RecordingSink sink;
  EXPECT_EQ(run(kind, options, sink).error().code(), Code::Invalid);
  std::filesystem::remove(path);
  EXPECT_EQ(run(kind, options, sink).error().code(), Code::NotFound);
  std::filesystem::create_directory(path);
  EXPECT_EQ(run(kind, options, sink).error().code(), Code::Invalid);
}

TEST_F(SqliteTest, a_link_leads_to_the_database) {
  User(path).run("CREATE TABLE t (x)");
  std::filesystem::create_symlink("shop.db", data("link"));
  const RecordingSink sink = backup(kind, {{"path", {data("link")}}});
  EXPECT_EQ(sink.facts.at("file"), "shop.db");
}

TEST_F(SqliteTest, proof_names_what_is_missing_or_differs) {
  User(path).run(
      "CREATE TABLE a (x); CREATE TABLE b (x); CREATE TABLE c (x); INSERT INTO b VALUES (1), (2);"
      "INSERT INTO c VALUES (1)");
  const RecordingSink sink = backup(kind, options);
  const std::string directory = restore(sink);
  User(directory + "/shop.db").run("DROP TABLE a; DELETE FROM b WHERE x = 1; UPDATE c SET x = 2");
  EXPECT_EQ(failure(directory, sink, "tables"), "a is missing; b has 1 rows instead of 2; c has other content");
  EXPECT_EQ(failure(directory, sink, "schema"), "the schema is not the one recorded");
  EXPECT_EQ(failure(directory, sink, "integrity"), "");
}

TEST_F(SqliteTest, proof_finds_a_damaged_page) {
  User writer(path);
  writer.run(
      "CREATE TABLE t (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
      " INSERT INTO t SELECT i FROM n");
  const RecordingSink sink = backup(kind, options);
  const std::string directory = restore(sink);
  {
    std::fstream file(directory + "/shop.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4 * 4096);
    file << std::string(4096, '\x55');
  }
  EXPECT_NE(failure(directory, sink, "integrity"), "");
  std::filesystem::remove(directory + "/shop.db");
  EXPECT_NE(failure(directory, sink, "integrity"), "");
}

TEST_F(SqliteTest, proof_leaves_no_file_behind) {
  User writer(path);
  writer.run("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
  const RecordingSink sink = backup(kind, options);
  const std::string directory = restore(sink);
  for (const CheckResult& check : prove(directory, sink)) EXPECT_TRUE(check.passed) << check.message;
  const auto files = std::filesystem::directory_iterator(directory);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

}  // namespace
}  // namespace hf
