// Against a real server.
#include "pg/connection.h"

#include <gtest/gtest.h>

#include "base/task_group.h"
#include "pg/connect_failure.h"
#include "pg/names.h"
#include "support/live_postgres.h"
#include "sys/real_world.h"

namespace hf {
namespace {

class PgConnectionTest : public testing::Test {
 protected:
  Result<std::unique_ptr<PgConnection>> open(const std::string& dsn, std::stop_token stop = {},
                                             Duration budget = std::chrono::minutes(5)) {
    return PgConnection::open(parse_pg_parameters(dsn).value(), Deadline(*clock, budget), std::move(stop));
  }

  const LivePostgres& server = LivePostgres::shared();
  const std::unique_ptr<Clock> clock = make_real_clock();
};

TEST_F(PgConnectionTest, queries_have_parameters_and_nulls) {
  const auto connection = server.connect("postgres");
  const PgRows rows =
      connection->query("SELECT $1::text, $2::text, $3::int8 + 1", {"it's", std::nullopt, "41"}).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.text(0, 0), "it's");
  EXPECT_TRUE(rows.is_null(0, 1));
  EXPECT_EQ(rows.number(0, 2), 42u);
}

TEST_F(PgConnectionTest, an_error_has_its_code_and_leaves_the_connection_usable) {
  const auto connection = server.connect("postgres");
  struct {
    const char* sql;
    Code code;
    const char* sqlstate;
  } const cases[] = {{"SELECT * FROM nothing_here", Code::NotFound, "42P01"},
                     {"SELEC", Code::Failed, "42601"},
                     {"SELECT 1/0", Code::Failed, "22012"},
                     {"SET ROLE nobody_here", Code::Failed, "22023"}};
  for (const auto& each : cases) {
    const Status status = connection->run(each.sql);
    ASSERT_FALSE(status.ok()) << each.sql;
    EXPECT_EQ(status.error().code(), each.code) << each.sql;
    EXPECT_EQ(connection->sqlstate(), each.sqlstate);
    EXPECT_EQ(status.error().message().find("nothing_here"), std::string::npos) << "server's words in the message";
    EXPECT_FALSE(status.error().detail().empty());
    EXPECT_TRUE(connection->query("SELECT 1").ok());
  }
}

TEST_F(PgConnectionTest, the_first_of_several_errors_is_told) {
  const auto connection = server.connect("postgres");
  EXPECT_FALSE(connection->run("SELECT 1; SELECT 1/0; SELECT 2").ok());
  EXPECT_EQ(connection->sqlstate(), "22012");
}

TEST_F(PgConnectionTest, refused_connections_say_why) {
  EXPECT_EQ(open(server.dsn("no_such_database")).error().code(), Code::NotFound);
  EXPECT_EQ(open(server.dsn("postgres", "no_such_role")).error().code(), Code::Denied);
  EXPECT_EQ(open("host=/nowhere user=x dbname=x").error().code(), Code::Unavailable);
  EXPECT_EQ(open("host=127.0.0.1 port=1 user=x dbname=x").error().code(), Code::Unavailable);
}

TEST_F(PgConnectionTest, refused_connections_say_what_mends_it) {
  server.sql("postgres", {"DROP DATABASE IF EXISTS shut", "CREATE DATABASE shut ALLOW_CONNECTIONS false",
                          "DROP DATABASE IF EXISTS closed", "CREATE DATABASE closed",
                          "REVOKE CONNECT ON DATABASE closed FROM public", "DROP ROLE IF EXISTS nobody",
                          "CREATE ROLE nobody LOGIN", "DROP ROLE IF EXISTS sleeper", "CREATE ROLE sleeper NOLOGIN",
                          "DROP ROLE IF EXISTS crowd", "CREATE ROLE crowd LOGIN CONNECTION LIMIT 0"});
  const struct {
    std::string dsn, message, hint;
  } cases[] = {
      {server.dsn("no_such"), "the server has no database no_such (SQLSTATE 3D000)", "psql --list"},
      {server.dsn("postgres", "no \"one"), "does not let user no \"one in (SQLSTATE 28000)",
       "CREATE ROLE \"no \"\"one\" LOGIN"},
      {server.dsn("postgres", "sleeper"), "does not let user sleeper in (SQLSTATE 28000)",
       "ALTER ROLE \"sleeper\" LOGIN"},
      {server.dsn("closed", "nobody"), "user nobody may not connect to database closed (SQLSTATE 42501)",
       "GRANT CONNECT ON DATABASE \"closed\" TO \"nobody\""},
      {server.dsn("shut"), "database shut accepts no connections (SQLSTATE 55000)",
       "ALTER DATABASE \"shut\" ALLOW_CONNECTIONS true"},
      {server.dsn("postgres", "crowd"), "no connection left for user crowd (SQLSTATE 53300)", "CONNECTION LIMIT"},
      {"host=/nowhere port=5432 user=x dbname=x", "no server listens at /nowhere, port 5432",
       "pg_isready --host=/nowhere --port=5432"},
      {"host=127.0.0.1 port=1 user=x dbname=x", "no server listens at 127.0.0.1, port 1", "pg_isready"},
      {"host=nowhere.invalid user=x dbname=x", "the host name nowhere.invalid leads nowhere", "getent hosts"},
      {"service=nosuch", "the service that dsn names is in no service file", "PGSERVICEFILE"},
  };
  for (const auto& each : cases) {
    const auto connection = open(each.dsn);
    ASSERT_FALSE(connection.ok()) << each.dsn;
    EXPECT_NE(connection.error().message().find(each.message), std::string::npos) << connection.error().message();
    EXPECT_NE(connection.error().hint().find(each.hint), std::string::npos) << connection.error().hint();
    EXPECT_FALSE(connection.error().detail().empty()) << each.dsn;
  }
  server.sql("postgres", {"DROP DATABASE shut", "DROP DATABASE closed", "DROP ROLE nobody", "DROP ROLE sleeper",
                          "DROP ROLE crowd"});
}

TEST(PgConnectFailure, each_refusal_that_no_socket_shows_has_its_words) {
  const PgAttempt attempt{.host = "db", .port = "5432", .user = "backup", .database = "app"};
  const auto failure = [&](const char* sqlstate, const char* words) {
    PgAttempt with = attempt;
    with.sqlstate = sqlstate;
    with.words = words;
    return connect_failure(with);
  };
  EXPECT_EQ(failure("28P01", "w").code(), Code::Denied);
  EXPECT_NE(failure("28P01", "w").message().find("does not accept the password of user backup"), std::string::npos);
  EXPECT_EQ(failure("57P03", "w").code(), Code::Unavailable);
  EXPECT_NE(failure("57P03", "w").hint().find("hot_standby"), std::string::npos);
  EXPECT_NE(failure("", "server does not support SSL, but SSL was required").hint().find("sslmode"), std::string::npos);
  EXPECT_NE(failure("", "connection timed out").message().find("cannot be reached"), std::string::npos);
  EXPECT_EQ(failure("XX000", "odd").message(), "the server refused (SQLSTATE XX000)");
  EXPECT_EQ(failure("XX000", "odd").detail(), "odd");
}

TEST_F(PgConnectionTest, copy_out_gives_whole_rows_and_their_number) {
  const auto connection = server.connect("postgres");
  std::vector<std::string> rows;
  const Result<uint64_t> count = connection->copy_out(
      "COPY (SELECT i, repeat('x', i) FROM generate_series(0, 2) i) TO STDOUT", [&](BytesView row) {
        rows.push_back(to_text(row));
        return Status();
      });
  EXPECT_EQ(count.value(), 3u);
  EXPECT_EQ(rows, (std::vector<std::string>{"0\t\n", "1\tx\n", "2\txx\n"}));
  EXPECT_TRUE(connection->query("SELECT 1").ok());
}

TEST_F(PgConnectionTest, a_copy_that_fails_in_the_middle_is_an_error) {
  const auto connection = server.connect("postgres");
  uint64_t rows = 0;
  const Result<uint64_t> count =
      connection->copy_out("COPY (SELECT 1 / (i - 1000) FROM generate_series(1, 2000) i) TO STDOUT", [&](BytesView) {
        ++rows;
        return Status();
      });
  ASSERT_FALSE(count.ok());
  EXPECT_EQ(connection->sqlstate(), "22012");
  EXPECT_GT(rows, 0u);
}

TEST_F(PgConnectionTest, an_error_of_the_taker_closes_the_connection) {
  const auto connection = server.connect("postgres");
  const Result<uint64_t> count = connection->copy_out("COPY (SELECT generate_series(1, 100000)) TO STDOUT",
                                                      [](BytesView) { return Error(Code::Failed, "no room"); });
  EXPECT_EQ(count.error().message(), "no room");
  EXPECT_EQ(connection->query("SELECT 1").error().code(), Code::Unavailable);
}

TEST_F(PgConnectionTest, copy_in_takes_parts_cut_anywhere) {
  const auto connection = server.connect("postgres");
  ASSERT_TRUE(connection->run("CREATE TEMPORARY TABLE t (a int, b text)").ok());
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\t" + std::string(100, 'x') + "\n";
  size_t at = 0;
  const Result<uint64_t> count = connection->copy_in("COPY t FROM STDIN", [&]() -> Result<BytesView> {
    const size_t begin = at;
    at = std::min(at + 70'001, text.size());
    return as_bytes(text).subspan(begin, at - begin);
  });
  EXPECT_EQ(count.value(), 50'000u);
  EXPECT_EQ(connection->query("SELECT sum(a) FROM t").value().text(0, 0), "1249975000");
}

TEST_F(PgConnectionTest, copy_in_of_a_bad_row_is_an_error_and_the_connection_stays) {
  const auto connection = server.connect("postgres");
  ASSERT_TRUE(connection->run("CREATE TEMPORARY TABLE t (a int)").ok());
  bool given = false;
  const Result<uint64_t> count = connection->copy_in("COPY t FROM STDIN", [&]() -> Result<BytesView> {
    return std::exchange(given, true) ? BytesView() : as_bytes("1\nnot a number\n");
  });
  ASSERT_FALSE(count.ok());
  EXPECT_EQ(connection->sqlstate(), "22P02");
  EXPECT_EQ(connection->query("SELECT count(*) FROM t").value().number(0, 0), 0u);
}

TEST_F(PgConnectionTest, a_giver_that_fails_leaves_no_rows) {
  server.sql("postgres", {"DROP TABLE IF EXISTS given", "CREATE TABLE given (a int)"});
  const auto connection = server.connect("postgres");
  bool was_asked = false;
  const Result<uint64_t> count = connection->copy_in("COPY given FROM STDIN", [&]() -> Result<BytesView> {
    if (std::exchange(was_asked, true)) return Error(Code::Corrupt, "the file ends early");
    return as_bytes("1\n2\n");
  });
  EXPECT_EQ(count.error().message(), "the file ends early");
  EXPECT_EQ(server.ask("postgres", "SELECT count(*) FROM given"), "0");
}

TEST_F(PgConnectionTest, a_request_to_stop_ends_a_statement) {
  TaskGroup tasks;
  std::stop_source stop;
  const std::unique_ptr<PgConnection> connection = open(server.dsn("postgres"), stop.get_token()).value();
  tasks.start("stop", [&](std::stop_token token) -> Status {
    clock->sleep_until(clock->mono() + std::chrono::milliseconds(200), token);
    stop.request_stop();
    return {};
  });
  EXPECT_EQ(connection->query("SELECT pg_sleep(600)").error().code(), Code::Cancelled);
  EXPECT_TRUE(tasks.join().ok());
}

TEST_F(PgConnectionTest, the_deadline_ends_a_statement) {
  const std::unique_ptr<PgConnection> connection = open(server.dsn("postgres"), {}, std::chrono::seconds(2)).value();
  EXPECT_EQ(connection->query("SELECT pg_sleep(600)").error().code(), Code::Timeout);
}

TEST_F(PgConnectionTest, a_killed_backend_is_an_error_that_a_later_try_may_mend) {
  const auto connection = server.connect("postgres");
  const std::string pid = connection->query("SELECT pg_backend_pid()").value().text(0, 0);
  server.ask("postgres", "SELECT pg_terminate_backend(" + pid + ", 60000)");
  EXPECT_EQ(connection->query("SELECT 1").error().code(), Code::Unavailable);
  EXPECT_EQ(connection->sqlstate(), "57P01") << "why it ended is known after it has";
  EXPECT_EQ(connection->query("SELECT 1").error().code(), Code::Unavailable);
}

TEST_F(PgConnectionTest, resolved_parameters_lead_to_the_same_server) {
  const auto connection = server.connect("template1");
  const PgParameters resolved = connection->resolved();
  EXPECT_EQ(resolved.values.at("dbname"), "template1");
  const auto again =
      PgConnection::open(with_database(resolved, "postgres"), Deadline(*clock, std::chrono::minutes(1)), {});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value()->query("SELECT current_database()").value().text(0, 0), "postgres");
}

TEST_F(PgConnectionTest, settings_for_copy_are_known_to_the_server) {
  const auto connection = server.connect("postgres");
  ASSERT_TRUE(connection->run(pg_copy_settings(connection->server_version())).ok());
  EXPECT_EQ(connection->query("SELECT '1 day'::interval::text, '\\x41'::bytea::text").value().text(0, 1), "\\x41");
}

}  // namespace
}  // namespace hf
