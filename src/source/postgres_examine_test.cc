// Against a real server: what doctor says of a postgres source, each thing broken by itself.
#include "pg/names.h"
#include "source/postgres.h"
#include "source/source_test_world.h"
#include "support/live_postgres.h"

namespace hf {
namespace {

using State = SourceFinding::State;

class PostgresExamineTest : public SourceTest {
 protected:
  PostgresExamineTest() {
    server.fresh("app");
    server.sql("postgres", {"DROP ROLE IF EXISTS \"odd \"\"reader\"", "CREATE ROLE \"odd \"\"reader\" LOGIN"});
  }
  ~PostgresExamineTest() override {
    server.sql("postgres", {"DROP DATABASE app WITH (FORCE)", "DROP ROLE \"odd \"\"reader\""});
  }

  SourceOptions options() const { return {{"dsn", {server.dsn("app")}}, {"exclude", {"postgres: not here"}}}; }
  SourceOptions as_reader() const {
    SourceOptions options = this->options();
    options["dsn"] = {server.dsn("app", reader)};
    options["role_passwords"] = {"false"};
    return options;
  }
  // What is not in order.
  std::vector<SourceFinding> complaints(const SourceOptions& options) {
    std::vector<SourceFinding> bad;
    for (SourceFinding& finding : kind.open(world(), "db", options).value()->examine({}))
      if (finding.state != State::Good) bad.push_back(std::move(finding));
    return bad;
  }
  // One thing alone is not in order.
  void expect(const SourceOptions& options, State state, const std::string& name, const std::string& message,
              const std::string& hint) {
    const std::vector<SourceFinding> found = complaints(options);
    ASSERT_EQ(found.size(), 1u) << message << (found.empty() ? "" : ": " + found[0].message);
    EXPECT_EQ(found[0].state, state);
    EXPECT_EQ(found[0].name, name);
    EXPECT_NE(found[0].message.find(message), std::string::npos) << found[0].message;
    EXPECT_NE(found[0].hint.find(hint), std::string::npos) << found[0].hint;
  }
  // `hint` is a statement; the superuser executes it.
  void mend(const std::string& statement, const std::string& database = "app") { server.sql(database, {statement}); }
  // A backup fails while something is bad, and works when nothing is.
  bool backs_up(const SourceOptions& options) {
    RecordingSink sink;
    return SourceTest::run(kind, options, sink).ok() && sink.problems.empty();
  }

  const std::string reader = "odd \"reader";
  const LivePostgres& server = LivePostgres::shared();
  const SourceKind kind = postgres_source_kind();
};

TEST_F(PostgresExamineTest, of_a_sound_server_there_is_nothing_to_complain_about) {
  server.sql("app", {"CREATE TABLE t (a serial)", "CREATE TABLE u ()", "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
                     "SELECT lo_from_bytea(0, 'x')"});
  std::map<std::string, std::string> said;
  for (const SourceFinding& finding : kind.open(world(), "db", options()).value()->examine({})) {
    EXPECT_EQ(finding.state, State::Good) << finding.name << ": " << finding.message;
    said[finding.name] = finding.message;
  }
  EXPECT_EQ(said.size(), 5u);
  EXPECT_NE(said.at("connection").find("answers user postgres"), std::string::npos) << said.at("connection");
  EXPECT_NE(said.at("pg_dump").find("fits the server"), std::string::npos);
  EXPECT_TRUE(said.contains("pg_dumpall"));
  EXPECT_EQ(said.at("role_passwords"), "they can be read");
  EXPECT_EQ(said.at("database.app"), "2 tables can be read");
}

TEST_F(PostgresExamineTest, a_server_that_is_not_reached_is_all_there_is_to_say) {
  SourceOptions with = options();
  with["dsn"] = {"host=/nowhere user=backup dbname=app"};
  expect(with, State::Bad, "connection", "no server listens at /nowhere", "pg_isready");
  EXPECT_FALSE(complaints(with)[0].detail.empty());
  with["dsn"] = {server.dsn("no_such")};
  expect(with, State::Bad, "connection", "the server has no database no_such", "psql --list");
  with["dsn"] = {server.dsn("app", "stranger")};
  expect(with, State::Bad, "connection", "does not let user stranger in", "CREATE ROLE \"stranger\" LOGIN");
  with["dsn"] = {"env:NO_SUCH_SECRET"};
  expect(with, State::Bad, "connection", "read the secret of option dsn", "");
}

TEST_F(PostgresExamineTest, programs_that_are_missing_or_older_are_named_with_their_package) {
  SourceOptions with = options();
  const std::filesystem::path bin = top / "bin";
  std::filesystem::create_directories(bin);
  std::filesystem::create_symlink(LivePostgres::programs() + "/pg_dump", bin / "pg_dump");
  with["bin"] = {bin.string()};
  expect(with, State::Bad, "pg_dumpall", "pg_dumpall is not there", "postgresql-client-");
  std::ofstream(bin / "pg_dumpall") << "#!/bin/sh\necho 'pg_dumpall (PostgreSQL) 9.6.1'\n";
  std::filesystem::permissions(bin / "pg_dumpall", std::filesystem::perms::all);
  expect(with, State::Bad, "pg_dumpall", "of version 9, older than the server's", "option bin");
}

TEST_F(PostgresExamineTest, tables_that_may_not_be_read_are_counted_and_the_first_are_named) {
  server.sql("app",
             {"CREATE TABLE a (n int)", "CREATE TABLE b (n int)", "CREATE TABLE mine (n int)",
              "GRANT SELECT ON mine TO " + pg_quoted(reader), "CREATE SCHEMA hidden", "CREATE TABLE hidden.c (n int)",
              "GRANT SELECT ON hidden.c TO " + pg_quoted(reader), "CREATE TABLE parts (n int) PARTITION BY RANGE (n)",
              "CREATE VIEW v AS SELECT * FROM a", "CREATE TEMPORARY TABLE brief (n int)"});
  expect(as_reader(), State::Bad, "database.app.tables",
         "4 tables cannot be read by user odd \"reader: hidden.c, public.a, public.b, and 1 more",
         "GRANT pg_read_all_data TO \"odd \"\"reader\"");
  EXPECT_FALSE(backs_up(as_reader()));
  mend(complaints(as_reader())[0].hint);
  EXPECT_TRUE(complaints(as_reader()).empty());
  EXPECT_TRUE(backs_up(as_reader()));
}

TEST_F(PostgresExamineTest, so_are_sequences_and_large_objects) {
  server.sql("app", {"CREATE TABLE t (n serial)", "GRANT SELECT ON t TO " + pg_quoted(reader)});
  expect(as_reader(), State::Bad, "database.app.sequences", "1 sequence cannot be read by user odd \"reader: public.t",
         "GRANT pg_read_all_data TO");
  EXPECT_FALSE(backs_up(as_reader()));
  mend(complaints(as_reader())[0].hint);
  EXPECT_TRUE(backs_up(as_reader()));
  server.sql("app", {"SELECT lo_from_bytea(4711, 'x')"});
  expect(as_reader(), State::Bad, "database.app.large_objects",
         "1 large object cannot be read by user odd \"reader: 4711",
         "GRANT SELECT ON LARGE OBJECT … TO \"odd \"\"reader\"");
  EXPECT_FALSE(backs_up(as_reader()));
  mend("GRANT SELECT ON LARGE OBJECT 4711 TO " + pg_quoted(reader));
  EXPECT_TRUE(complaints(as_reader()).empty());
  EXPECT_TRUE(backs_up(as_reader()));
}

TEST_F(PostgresExamineTest, row_policies_that_hide_rows_are_named) {
  server.sql("app",
             {"CREATE TABLE t (n int)", "GRANT SELECT ON t TO public", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"});
  expect(as_reader(), State::Bad, "database.app.row_security",
         "1 table under row policies that bind user odd \"reader: public.t", "ALTER ROLE \"odd \"\"reader\" BYPASSRLS");
  EXPECT_FALSE(backs_up(as_reader()));
  mend(complaints(as_reader())[0].hint);
  EXPECT_TRUE(complaints(as_reader()).empty());
  EXPECT_TRUE(backs_up(as_reader()));
}

TEST_F(PostgresExamineTest, passwords_of_roles_need_the_right_to_read_them) {
  SourceOptions with = as_reader();
  with["role_passwords"] = {"true"};
  expect(with, State::Bad, "role_passwords", "may not read the passwords of roles", "role_passwords: false");
  EXPECT_FALSE(backs_up(with));
  mend("ALTER ROLE " + pg_quoted(reader) + " SUPERUSER");
  EXPECT_TRUE(complaints(with).empty());
  EXPECT_TRUE(backs_up(with));
}

// With the right to read all data come the passwords, so the one look and the other agree with the backup.
TEST_F(PostgresExamineTest, who_may_read_all_data_is_judged_as_the_backup_finds_it) {
  mend("GRANT pg_read_all_data TO " + pg_quoted(reader));
  SourceOptions with = as_reader();
  with["role_passwords"] = {"true"};
  EXPECT_EQ(complaints(with).empty(), backs_up(with));
}

TEST_F(PostgresExamineTest, databases_that_are_shut_or_closed_to_the_user_are_named) {
  mend("ALTER DATABASE app ALLOW_CONNECTIONS false", "postgres");
  SourceOptions with = options();
  with["dsn"] = {server.dsn("postgres")};
  expect(with, State::Bad, "database.app", "allows no connections", "ALTER DATABASE \"app\" ALLOW_CONNECTIONS true");
  EXPECT_FALSE(backs_up(with));
  mend("ALTER DATABASE app ALLOW_CONNECTIONS true", "postgres");
  mend("REVOKE CONNECT ON DATABASE app FROM public", "postgres");
  EXPECT_TRUE(complaints(with).empty());
  with = as_reader();
  with["dsn"] = {server.dsn("postgres", reader)};
  expect(with, State::Bad, "database.app", "may not connect to database app",
         "GRANT CONNECT ON DATABASE \"app\" TO \"odd \"\"reader\"");
  mend(complaints(with)[0].hint);
  EXPECT_TRUE(complaints(with).empty());
}

TEST_F(PostgresExamineTest, an_exclusion_of_what_is_not_there_is_a_note) {
  SourceOptions with = options();
  with["exclude"].push_back("scratsh: made anew each night");
  expect(with, State::Note, "exclude", "database scratsh is excluded, and the server has none", "take it out");
  EXPECT_TRUE(backs_up(with));
}

}  // namespace
}  // namespace hf
