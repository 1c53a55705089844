// What holds for every kind of source, with one small subject of each.
#include <sqlite3.h>

#include "source/command.h"
#include "source/files.h"
#include "source/postgres.h"
#include "source/source_test_world.h"
#include "source/sqlite.h"
#include "support/live_postgres.h"

namespace hf {
namespace {

using Change = std::function<void(const std::string& directory)>;

struct Subject {
  const char* name;
  SourceKind (*kind)();
  std::function<SourceOptions(const std::string& directory)> options;
  std::string file;  // where its content is, in its tree
  Change fill, change, empty, destroy;
};

void execute(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

void put(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

Subject files_subject() {
  return {"files",
          files_source_kind,
          [](const std::string& d) {
            return SourceOptions{{"paths", {d}}};
          },
          "a",
          [](const std::string& d) { put(d + "/a", "one"); },
          [](const std::string& d) { put(d + "/a", "another"); },
          [](const std::string& d) { put(d + "/a", ""); },
          [](const std::string& d) { std::filesystem::remove_all(d); }};
}

Subject sqlite_subject() {
  return {"sqlite",
          sqlite_source_kind,
          [](const std::string& d) {
            return SourceOptions{{"path", {d + "/db"}}};
          },
          "db",
          [](const std::string& d) { execute(d + "/db", "CREATE TABLE t (x); INSERT INTO t VALUES (1)"); },
          [](const std::string& d) { execute(d + "/db", "INSERT INTO t VALUES (2)"); },
          [](const std::string& d) { put(d + "/db", ""); },
          [](const std::string& d) { std::filesystem::remove(d + "/db"); }};
}

// One server for all tests, so the database is made anew in each.
Subject postgres_subject() {
  const auto make = [](const char* rows) {
    return [rows](const std::string&) {
      LivePostgres::shared().fresh("contract");
      LivePostgres::shared().sql("contract", {"CREATE TABLE t (x int)", rows});
    };
  };
  return {"postgres",
          postgres_source_kind,
          [](const std::string&) {
            return SourceOptions{{"dsn", {LivePostgres::shared().dsn("contract")}},
                                 {"exclude", {"postgres: not of the test", "app: of another test"}}};
          },
          "databases/contract/tables/public/t.copy",
          make("INSERT INTO t VALUES (1)"),
          [](const std::string&) { LivePostgres::shared().sql("contract", {"INSERT INTO t VALUES (2)"}); },
          make("SELECT 1"),
          [](const std::string&) { LivePostgres::shared().sql("postgres", {"DROP DATABASE contract WITH (FORCE)"}); }};
}

Subject command_subject() {
  return {"command",
          command_source_kind,
          [](const std::string& d) {
            return SourceOptions{{"run", {"cat", d + "/a"}}, {"size_min", {"0"}}};
          },
          "output",
          [](const std::string& d) { put(d + "/a", "one"); },
          [](const std::string& d) { put(d + "/a", "another"); },
          [](const std::string& d) { put(d + "/a", ""); },
          [](const std::string& d) { std::filesystem::remove(d + "/a"); }};
}

class SourceContract : public SourceTest, public testing::WithParamInterface<Subject> {
 protected:
  const Subject& subject = GetParam();
  const SourceKind kind = subject.kind();
  const SourceOptions options = subject.options(data().string());
};

TEST_P(SourceContract, the_root_comes_first_and_the_content_is_given) {
  subject.fill(data());
  const RecordingSink sink = backup(kind, options);
  ASSERT_FALSE(sink.entries.empty());
  EXPECT_EQ(sink.entries[0].entry.path, "");
  EXPECT_EQ(sink.entries[0].entry.info.type, FileType::Directory);
  ASSERT_NE(sink.find(subject.file), nullptr);
  EXPECT_FALSE(sink.find(subject.file)->content.empty());
  EXPECT_TRUE(sink.problems.empty());
}

TEST_P(SourceContract, without_a_change_the_content_is_the_same) {
  subject.fill(data());
  const RecordingSink first = backup(kind, options);
  const RecordingSink second = backup(kind, options, &first);
  EXPECT_EQ(second.paths(), first.paths());
  EXPECT_EQ(second.text(subject.file), first.text(subject.file));
  EXPECT_EQ(second.tables, first.tables);
}

TEST_P(SourceContract, a_change_is_seen) {
  subject.fill(data());
  const RecordingSink first = backup(kind, options);
  subject.change(data());
  const RecordingSink second = backup(kind, options, &first);
  EXPECT_NE(second.text(subject.file), first.text(subject.file));
}

TEST_P(SourceContract, empty_content_is_content) {
  subject.empty(data());
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.text(subject.file), "");
}

TEST_P(SourceContract, what_is_not_there_is_an_error) {
  subject.fill(data());
  subject.destroy(data());
  RecordingSink sink;
  EXPECT_FALSE(run(kind, options, sink).ok());
}

TEST_P(SourceContract, an_error_of_the_sink_ends_it) {
  subject.fill(data());
  if (subject.file == "a") write("a", std::string(200'000, 'x'));
  RecordingSink sink;
  sink.fails_after = 0;
  const Status status = run(kind, options, sink);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("the sink is full"), std::string::npos) << status.error().message();
}

TEST_P(SourceContract, a_request_to_stop_ends_it) {
  subject.fill(data());
  std::stop_source stop;
  stop.request_stop();
  RecordingSink sink;
  RecordingPrevious previous(nullptr);
  const std::unique_ptr<Source> source = kind.open(world(), "source", options).value();
  const Status status = source->run(sink, previous, stop.get_token());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Cancelled);
}

TEST_P(SourceContract, required_options_are_required) {
  const Result<std::unique_ptr<Source>> source = kind.open(world(), "source", {});
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code(), Code::Invalid);
}

TEST_P(SourceContract, text_of_a_command_line_becomes_options_it_knows) {
  EXPECT_EQ(kind.parse("").error().code(), Code::Invalid);
  const SourceOptions parsed = kind.parse("/x").value();
  ASSERT_EQ(parsed.size(), 1u);
  const auto is_it = [&](const SourceOption& option) {
    return option.name == parsed.begin()->first && option.required;
  };
  EXPECT_TRUE(std::any_of(kind.options.begin(), kind.options.end(), is_it));
}

INSTANTIATE_TEST_SUITE_P(Kinds, SourceContract,
                         testing::Values(files_subject(), sqlite_subject(), postgres_subject(), command_subject()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace hf
