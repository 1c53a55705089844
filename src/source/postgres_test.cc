// Against a real server.
#include "source/postgres.h"

#include <nlohmann/json.hpp>

#include "base/task_group.h"
#include "base/text.h"
#include "pg/names.h"
#include "pg/row_digest.h"
#include "pg/toc.h"
#include "source/postgres_copy.h"
#include "source/source_test_world.h"
#include "support/live_postgres.h"

namespace hf {
namespace {

class PostgresTest : public SourceTest {
 protected:
  PostgresTest() { server.fresh("app"); }

  SourceOptions options(std::vector<std::string> excluded = {}) {
    excluded.push_back("postgres: of no interest here");
    return {{"dsn", {server.dsn("app")}}, {"exclude", excluded}};
  }
  Status run(const SourceOptions& options, RecordingSink& sink) { return SourceTest::run(kind, options, sink); }
  RecordingSink backup() { return SourceTest::backup(kind, options()); }
  void sql(const std::vector<std::string>& statements) { server.sql("app", statements); }

  static const std::string& in(const std::string& path) {
    static std::string whole;
    return whole = "databases/app/" + path;
  }
  static PgToc toc(const RecordingSink& sink) { return decode_toc(sink.text(in("toc.json"))).value(); }
  static std::vector<std::string> files(const RecordingSink& sink) {
    std::vector<std::string> names;
    for (const PgTocTable& table : toc(sink).tables) names.push_back(table.file.substr(7));
    return names;
  }
  // What pg_restore says is in schema.dump.
  std::string listing(const RecordingSink& sink) {
    const std::string path = (top / "schema.dump").string();
    std::ofstream(path, std::ios::binary) << sink.text(in("schema.dump"));
    std::string text;
    const auto take = [&](BytesView bytes) -> Status {
      text += as_text(bytes);
      return {};
    };
    const ProcessEnd end = process
                               ->run({.argv = {LivePostgres::programs() + "/pg_restore", "--list", path}}, take,
                                     Deadline(clock, std::chrono::minutes(5)), {})
                               .value();
    EXPECT_EQ(end.status, 0) << end.stderr_text;
    return text;
  }
  // A stand-in for pg_dump and pg_dumpall: `script` runs first, with the real programs' directory in $real.
  std::string stand_in(const std::string& script) {
    const std::filesystem::path bin = top / "bin";
    std::filesystem::create_directories(bin);
    for (const char* name : {"pg_dump", "pg_dumpall"}) {
      std::ofstream(bin / name) << "#!/bin/sh\nreal=" << LivePostgres::programs() << "\nname=" << name << "\n"
                                << script << "\nexec $real/$name \"$@\"\n";
      std::filesystem::permissions(bin / name, std::filesystem::perms::all);
    }
    return bin.string();
  }
  // Runs with stand-ins, and must fail.
  Error failure_with(const std::string& script) {
    SourceOptions with = options();
    with["bin"] = {stand_in(script)};
    RecordingSink sink;
    Status status = run(with, sink);
    EXPECT_FALSE(status.ok()) << script;
    if (status.ok()) return Error(Code::Failed, "");
    EXPECT_EQ(sink.find(in("toc.json")) != nullptr && sink.find("globals.sql") != nullptr, false);
    return std::move(status).error();
  }

  const LivePostgres& server = LivePostgres::shared();
  const SourceKind kind = postgres_source_kind();
};

TEST_F(PostgresTest, the_tree_is_the_one_described) {
  sql({"CREATE TABLE t (a int, b text)", "INSERT INTO t VALUES (1, 'x'), (2, NULL)"});
  const RecordingSink sink = backup();
  EXPECT_EQ(sink.paths(),
            (std::vector<std::string>{"", "databases", "databases/app", in("schema.dump"), "databases/app/tables",
                                      "databases/app/tables/public", "databases/app/tables/public/t.copy",
                                      "databases/app/toc.json", "globals.sql"}));
  EXPECT_EQ(sink.text(in("tables/public/t.copy")), "1\tx\n2\t\\N\n");
  EXPECT_NE(sink.text("globals.sql").find("CREATE ROLE postgres"), std::string::npos);
  EXPECT_EQ(sink.problems.size(), 0u);
  EXPECT_EQ(sink.facts.at("excluded/template1"), "the template of new databases");
  EXPECT_EQ(sink.facts.at("excluded/postgres"), "of no interest here");
  EXPECT_EQ(sink.facts.at("role_passwords"), "in globals.sql");
  EXPECT_FALSE(sink.facts.at("system_identifier").empty());
}

TEST_F(PostgresTest, rows_and_digests_are_those_of_the_files) {
  sql({"CREATE TABLE t (a int, b text)", "INSERT INTO t SELECT i, repeat('y', i % 50) FROM generate_series(1, 5000) i",
       "CREATE TABLE empty (a int)"});
  const RecordingSink sink = backup();
  const PgToc contents = toc(sink);
  ASSERT_EQ(contents.tables.size(), 2u);
  for (const PgTocTable& table : contents.tables) {
    PgRowDigest digest;
    const std::string text = sink.text(in(table.file));
    digest.add(as_bytes(text));
    EXPECT_EQ(table.rows, digest.rows());
    EXPECT_EQ(table.digest, digest.digest());
  }
  ASSERT_EQ(sink.tables.size(), 2u);
  EXPECT_EQ(sink.tables[0], (TableFact{"app.public.empty", 0, Bytes(16, std::byte{0})}));
  EXPECT_EQ(sink.tables[1].rows, 5000u);
  EXPECT_EQ(contents.schema_bytes, sink.text(in("schema.dump")).size());
}

TEST_F(PostgresTest, digests_do_not_depend_on_the_order_of_rows) {
  sql({"CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 1000)"});
  const RecordingSink first = backup();
  sql({"CREATE TABLE u AS SELECT * FROM t ORDER BY a DESC", "DROP TABLE t", "ALTER TABLE u RENAME TO t"});
  const RecordingSink second = backup();
  EXPECT_NE(first.text(in("tables/public/t.copy")), second.text(in("tables/public/t.copy")));
  EXPECT_EQ(first.tables, second.tables);
}

TEST_F(PostgresTest, only_rows_of_tables_are_left_out_of_the_schema_dump) {
  sql({"CREATE TABLE t (id serial, v text)", "INSERT INTO t (v) VALUES ('x')",
       "CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t", "CREATE SEQUENCE s", "SELECT nextval('s')",
       "SELECT lo_from_bytea(0, '\\x0102')", "CREATE VIEW v AS SELECT * FROM t"});
  const RecordingSink sink = backup();
  const std::string list = listing(sink);
  EXPECT_EQ(list.find("TABLE DATA public"), std::string::npos) << list;
  for (const char* wanted : {"SEQUENCE SET public s ", "SEQUENCE SET public t_id_seq ",
                             "MATERIALIZED VIEW DATA public m ", "BLOBS - BLOBS", "VIEW public v ", "TABLE public t "})
    EXPECT_NE(list.find(wanted), std::string::npos) << wanted;
  EXPECT_EQ(toc(sink).large_objects, 1u);
}

TEST_F(PostgresTest, odd_names_are_found_and_left_out_exactly) {
  const std::vector<std::string> names{
      "quo\"te", "dot.dot", "dol$lar",           "UPPER", "ünï", "sp ace",  "a|b", "(x)", "[a-z]", "st*r",
      "que?",    "back\\",  "new\nline",         "it's",  "%41", ".hidden", "+",   "^a",  "{2}",   "-",
      "--x",     "E'",      std::string(63, 'n')};
  std::vector<std::string> statements;
  for (const std::string& schema : {std::string("public"), std::string("Odd \"s.$|")}) {
    if (schema != "public") statements.push_back("CREATE SCHEMA " + pg_quoted(schema));
    for (const std::string& name : names) {
      const std::string table = pg_quoted(schema, name);
      statements.push_back("CREATE TABLE " + table + " (" + pg_quoted(name) + " int, b serial)");
      statements.push_back("INSERT INTO " + table + " VALUES (1)");
    }
  }
  // Names that the odd ones would match, were they patterns.
  for (const char* name : {"b", "x", "m", "stiir", "quex", "dotxdot", "upper"})
    statements.push_back("CREATE MATERIALIZED VIEW " + pg_quoted(name) + " AS SELECT 1 AS one");
  sql(statements);
  const RecordingSink sink = backup();
  const PgToc contents = toc(sink);
  EXPECT_EQ(contents.tables.size(), 2 * names.size());
  for (const PgTocTable& table : contents.tables) {
    EXPECT_EQ(table.rows, 1u) << table.name;
    EXPECT_EQ(table.columns.at(0), table.name);
    EXPECT_EQ(sink.text(in(table.file)), "1\t1\n");
  }
  const std::string list = listing(sink);
  EXPECT_EQ(list.find(" TABLE DATA "), std::string::npos) << list;
  size_t refreshed = 0;
  for (size_t at = 0; (at = list.find("MATERIALIZED VIEW DATA", at)) != list.npos; ++at) ++refreshed;
  EXPECT_EQ(refreshed, 7u);
}

TEST_F(PostgresTest, each_row_is_in_the_table_it_lies_in) {
  sql({"CREATE TABLE parted (a int) PARTITION BY RANGE (a)",
       "CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
       "CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (10) TO (20)", "INSERT INTO parted VALUES (1), (11), (12)",
       "CREATE TABLE parent (a int)", "CREATE TABLE child (b int) INHERITS (parent)", "INSERT INTO parent VALUES (1)",
       "INSERT INTO child VALUES (2, 3)"});
  const RecordingSink sink = backup();
  EXPECT_EQ(files(sink),
            (std::vector<std::string>{"public/child.copy", "public/p1.copy", "public/p2.copy", "public/parent.copy"}));
  EXPECT_EQ(sink.text(in("tables/public/parent.copy")), "1\n");
  EXPECT_EQ(sink.text(in("tables/public/child.copy")), "2\t3\n");
  EXPECT_EQ(sink.text(in("tables/public/p2.copy")), "11\n12\n");
}

TEST_F(PostgresTest, generated_dropped_and_missing_columns) {
  sql({"CREATE TABLE g (a int, gone text, b int GENERATED ALWAYS AS (a * 2) STORED, c int)",
       "ALTER TABLE g DROP COLUMN gone", "INSERT INTO g (a, c) VALUES (1, 3)", "CREATE TABLE n ()",
       "INSERT INTO n DEFAULT VALUES", "INSERT INTO n DEFAULT VALUES"});
  const RecordingSink sink = backup();
  EXPECT_EQ(sink.text(in("tables/public/g.copy")), "1\t3\n");
  EXPECT_EQ(toc(sink).tables.at(0).columns, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(sink.text(in("tables/public/n.copy")), "\n\n");
  EXPECT_EQ(toc(sink).tables.at(1).rows, 2u);
}

TEST_F(PostgresTest, what_is_not_in_the_point_is_said) {
  sql({"CREATE UNLOGGED TABLE u (a int)", "INSERT INTO u VALUES (1)", "CREATE EXTENSION file_fdw",
       "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
       "CREATE FOREIGN TABLE f (a int) SERVER files OPTIONS (filename '/dev/null')"});
  const RecordingSink sink = backup();
  EXPECT_EQ(files(sink), std::vector<std::string>{"public/u.copy"});
  EXPECT_EQ(sink.facts.at("unlogged_tables/app"), "public.u");
  EXPECT_EQ(sink.facts.at("foreign_tables_without_rows/app"), "public.f");
  EXPECT_NE(listing(sink).find("FOREIGN TABLE public f "), std::string::npos);
}

TEST_F(PostgresTest, temporary_tables_are_nobodys_business) {
  const auto connection = server.connect("app");
  ASSERT_TRUE(connection->run("CREATE TEMPORARY TABLE mine (a int)").ok());
  EXPECT_TRUE(files(backup()).empty());
}

// An extension's own rows come with it; of its configuration tables, those that its condition chooses are the user's.
TEST_F(PostgresTest, configuration_tables_of_extensions_are_read_with_their_condition) {
  sql({"CREATE TABLE conf (a int, own bool)", "CREATE TABLE inner_table (a int)",
       "INSERT INTO conf VALUES (1, true), (2, false)", "INSERT INTO inner_table VALUES (1)",
       "CREATE EXTENSION pg_trgm", "ALTER EXTENSION pg_trgm ADD TABLE conf",
       "ALTER EXTENSION pg_trgm ADD TABLE inner_table",
       "UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass]::oid[], extcondition = ARRAY['WHERE NOT own'] "
       "WHERE extname = 'pg_trgm'"});
  const RecordingSink sink = backup();
  EXPECT_EQ(files(sink), std::vector<std::string>{"public/conf.copy"});
  EXPECT_EQ(sink.text(in("tables/public/conf.copy")), "2\tf\n");
  EXPECT_EQ(listing(sink).find("TABLE DATA"), std::string::npos);
}

TEST_F(PostgresTest, text_of_values_does_not_depend_on_settings) {
  sql({"CREATE TABLE v (d date, t timestamptz, i interval, f float8, b bytea, x text)",
       "INSERT INTO v VALUES ('2026-02-01', '2026-02-01 12:00:00+02', '1 mon 2 days', 0.1::float8 + 0.2, '\\xff', "
       "E'a\\tb\\\\c\\nd')",
       "ALTER DATABASE app SET DateStyle = 'German'", "ALTER DATABASE app SET TimeZone = 'Asia/Tokyo'",
       "ALTER DATABASE app SET IntervalStyle = 'iso_8601'", "ALTER DATABASE app SET bytea_output = 'escape'",
       "ALTER DATABASE app SET extra_float_digits = -5",
       "ALTER DATABASE app SET default_transaction_isolation = 'serializable'",
       "ALTER DATABASE app SET statement_timeout = 1"});
  const SourceOptions with = options();
  EXPECT_EQ(SourceTest::backup(kind, with).text(in("tables/public/v.copy")),
            "2026-02-01\t2026-02-01 10:00:00+00\t1 mon 2 days\t0.30000000000000004\t\\\\xff\ta\\tb\\\\c\\nd\n");
}

TEST_F(PostgresTest, a_database_in_another_encoding_keeps_its_bytes) {
  server.sql("postgres", {"DROP DATABASE IF EXISTS latin WITH (FORCE)",
                          "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"});
  server.sql("latin", {"CREATE TABLE \"tü\" (\"ö\" text)", "INSERT INTO \"tü\" VALUES ('ä')"});
  const RecordingSink sink = backup();
  server.sql("postgres", {"DROP DATABASE latin WITH (FORCE)"});
  const PgToc contents = decode_toc(sink.text("databases/latin/toc.json")).value();
  EXPECT_EQ(contents.encoding, "LATIN1");
  ASSERT_EQ(contents.tables.size(), 1u);
  EXPECT_EQ(contents.tables[0].name, "tü");
  EXPECT_EQ(sink.text("databases/latin/" + contents.tables[0].file), "\xe4\n");
  RecordingSink schema_only;
  schema_only.entries.push_back(*sink.find("databases/latin/schema.dump"));
  EXPECT_EQ(sink.text("databases/latin/schema.dump").find("COPY "), std::string::npos);
}

TEST_F(PostgresTest, in_sql_ascii_names_of_unknown_encoding_are_left_to_pg_dump) {
  server.sql("postgres", {"DROP DATABASE IF EXISTS ascii WITH (FORCE)",
                          "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"});
  server.sql("ascii", {"SET client_encoding = 'SQL_ASCII'", "CREATE TABLE \"t\xe4\" (a int)",
                       "CREATE TABLE plain (a text)", "INSERT INTO plain VALUES ('\xe4')"});
  const RecordingSink sink = backup();
  server.sql("postgres", {"DROP DATABASE ascii WITH (FORCE)"});
  EXPECT_EQ(sink.text("databases/ascii/tables/public/plain.copy"), "\xe4\n");
  EXPECT_EQ(decode_toc(sink.text("databases/ascii/toc.json")).value().tables.size(), 1u);
  EXPECT_FALSE(sink.facts.at("tables_in_schema_dump/ascii").empty());
}

TEST_F(PostgresTest, large_tables_are_read_in_parts_that_make_the_whole) {
  sql({"CREATE TABLE t (a int, b text)",
       "INSERT INTO t SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 20000) i",
       "DELETE FROM t WHERE a % 7 = 0"});
  const auto snapshot =
      PostgresSnapshot::take(parse_pg_parameters(server.dsn("app")).value(), "app",
                             {.lock_timeout = std::chrono::minutes(5)}, Deadline(clock, std::chrono::minutes(5)), {})
          .value();
  std::string whole;
  for (const uint64_t pages : {1u << 30, 10u, 1u}) {
    PostgresCopy copy(
        {clock, *entropy, meter}, *snapshot,
        {.jobs = 3, .lock_timeout = std::chrono::minutes(1), .queue_bytes_max = 1 << 20, .pages_per_unit = pages},
        Deadline(clock, std::chrono::minutes(5)));
    TaskGroup tasks;
    ASSERT_TRUE(copy.open(tasks.token()).ok());
    copy.start(tasks);
    std::string text;
    while (const std::optional<Bytes> block = copy.next(0, tasks.token())) text += as_text(*block);
    ASSERT_TRUE(tasks.join().ok());
    EXPECT_EQ(copy.digest(0).rows(), 17143u);
    if (whole.empty()) whole = text;
    EXPECT_EQ(text, whole) << pages;
  }
  EXPECT_TRUE(snapshot->finish().ok());
}

TEST_F(PostgresTest, rows_larger_than_all_queues_pass) {
  sql({"CREATE TABLE t (a int, b text)", "ALTER TABLE t ALTER b SET STORAGE EXTERNAL",
       "INSERT INTO t SELECT i, repeat('0123456789', 2000000) FROM generate_series(1, 5) i"});
  const RecordingSink sink = backup();
  EXPECT_EQ(sink.find(in("tables/public/t.copy"))->content.size(), 5u * (20'000'000 + 3));
}

TEST_F(PostgresTest, what_is_committed_during_the_backup_is_in_all_tables_or_in_none) {
  sql({"CREATE TABLE a (n int)", "CREATE TABLE b (n int)",
       "CREATE TABLE filler AS SELECT i, md5(i::text) FROM generate_series(1, 100000) i"});
  TaskGroup tasks;
  tasks.start("write", [&](std::stop_token stop) -> Status {
    const auto connection = server.connect("app");
    for (int i = 0; !stop.stop_requested(); ++i) {
      const std::string n = std::to_string(i);
      HF_TRY(connection->run("BEGIN; INSERT INTO a VALUES (" + n + "); INSERT INTO b VALUES (" + n + "); COMMIT"));
    }
    return {};
  });
  for (int i = 0; i < 5; ++i) {
    const RecordingSink sink = backup();
    EXPECT_EQ(sink.text(in("tables/public/a.copy")), sink.text(in("tables/public/b.copy")));
  }
  tasks.request_stop();
  EXPECT_TRUE(tasks.join().ok());
  EXPECT_NE(server.ask("app", "SELECT count(*) FROM a"), "0");
}

// Tables come and go while they are listed and locked; a TRUNCATE would empty a table under an older snapshot.
TEST_F(PostgresTest, tables_that_come_and_go_are_no_failure) {
  sql({"CREATE TABLE kept (n int)", "INSERT INTO kept SELECT generate_series(1, 1000)"});
  TaskGroup tasks;
  tasks.start("alter", [&](std::stop_token) -> Status {
    const auto connection = server.connect("app");
    for (int i = 0; i < 20; ++i) {
      HF_TRY(connection->run("CREATE TABLE brief (n int)"));
      HF_TRY(connection->run("BEGIN; TRUNCATE kept; INSERT INTO kept SELECT generate_series(1, 1000); COMMIT"));
      HF_TRY(connection->run("DROP TABLE brief"));
    }
    return {};
  });
  for (int i = 0; i < 5; ++i) {
    const RecordingSink sink = backup();
    const PgToc contents = toc(sink);
    for (const PgTocTable& table : contents.tables) {
      if (table.name == "kept") {
        EXPECT_EQ(table.rows, 1000u);
      }
    }
  }
  tasks.request_stop();
  const Status altered = tasks.join();
  EXPECT_TRUE(altered.ok()) << altered.error().detail();
}

TEST_F(PostgresTest, a_table_that_somebody_holds_is_waited_for_and_then_named) {
  sql({"CREATE TABLE held (a int)"});
  const auto connection = server.connect("app");
  ASSERT_TRUE(connection->run("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE").ok());
  SourceOptions with = options();
  with["lock_timeout"] = {"200000000"};
  RecordingSink sink;
  const Status status = run(with, sink);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Failed);
  EXPECT_NE(status.error().message().find("database app"), std::string::npos);
  EXPECT_NE(status.error().hint().find("lock_timeout"), std::string::npos);
}

TEST_F(PostgresTest, hidden_rows_are_an_error_and_never_left_out) {
  sql(
      {"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN CREATE ROLE reader LOGIN; END "
       "IF; END $$",
       "CREATE TABLE rls (a int)", "INSERT INTO rls VALUES (1), (2)", "ALTER TABLE rls ENABLE ROW LEVEL SECURITY",
       "CREATE POLICY odd_rows ON rls USING (a = 1)", "GRANT SELECT ON rls TO reader"});
  SourceOptions with = options();
  with["dsn"] = {server.dsn("app", "reader")};
  with["role_passwords"] = {"false"};
  RecordingSink sink;
  const Status status = run(with, sink);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(sink.find(in("toc.json")), nullptr);
}

TEST_F(PostgresTest, a_user_without_rights_backs_up_what_it_may_read_and_roles_without_passwords_by_option_alone) {
  sql(
      {"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN CREATE ROLE reader LOGIN; END "
       "IF; END $$",
       "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "GRANT SELECT ON t TO reader"});
  SourceOptions with = options();
  with["dsn"] = {server.dsn("app", "reader")};
  RecordingSink refused;
  const Status status = run(with, refused);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("pg_dumpall"), std::string::npos);
  EXPECT_NE(status.error().hint().find("role_passwords: false"), std::string::npos);
  with["role_passwords"] = {"false"};
  const RecordingSink sink = SourceTest::backup(kind, with);
  EXPECT_EQ(sink.text(in("tables/public/t.copy")), "1\n");
  EXPECT_EQ(sink.facts.at("role_passwords"), "not in the point");

  sql({"CREATE TABLE secret (a int)"});
  RecordingSink denied;
  const Status second = run(with, denied);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), Code::Denied);
}

TEST_F(PostgresTest, of_databases_that_are_named_the_others_are_recorded_as_left_out) {
  SourceOptions only = options();
  only["exclude"] = {};
  only["databases"] = {"app"};
  const RecordingSink sink = SourceTest::backup(kind, only);
  EXPECT_TRUE(sink.facts.contains("database/app"));
  EXPECT_FALSE(sink.facts.contains("database/postgres"));
  EXPECT_EQ(sink.facts.at("excluded/postgres"), "option databases names others");
  only["databases"] = {"app", "nosuch"};
  RecordingSink none;
  const Status failed = run(only, none);
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message().find("no database nosuch"), std::string::npos) << failed.error().message();
}

TEST_F(PostgresTest, a_database_that_allows_no_connections_is_a_problem_unless_it_is_excluded) {
  server.sql("postgres", {"DROP DATABASE IF EXISTS shut WITH (FORCE)", "CREATE DATABASE shut ALLOW_CONNECTIONS false"});
  const RecordingSink sink = backup();
  const RecordingSink without = SourceTest::backup(kind, options({"shut: kept for the auditors"}));
  server.sql("postgres", {"DROP DATABASE shut"});
  ASSERT_EQ(sink.problems.size(), 1u);
  EXPECT_EQ(sink.problems[0].first, "databases/shut");
  EXPECT_EQ(without.problems.size(), 0u);
  EXPECT_EQ(without.facts.at("excluded/shut"), "kept for the auditors");
}

TEST_F(PostgresTest, an_exclusion_wants_a_reason) {
  for (const char* entry : {"scratch", "scratch:", "scratch: ", ": why"}) {
    const auto source = kind.open(world(), "db", options({entry}));
    ASSERT_FALSE(source.ok()) << entry;
    EXPECT_EQ(source.error().code(), Code::Invalid);
  }
}

TEST_F(PostgresTest, a_dump_that_fails_is_cut_or_is_killed_is_an_error) {
  sql({"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)"});
  const std::string after_version = "case \"$*\" in *--version*) exec $real/$name \"$@\";; esac\n";
  EXPECT_NE(failure_with(after_version + "[ $name = pg_dump ] && { $real/$name \"$@\" | head -c 500; exit 7; }")
                .message()
                .find("pg_dump exited with status 7"),
            std::string::npos);
  EXPECT_NE(failure_with(after_version + "[ $name = pg_dump ] && { $real/$name \"$@\" | head -c 500; kill -9 $$; }")
                .message()
                .find("pg_dump exited with status 137"),
            std::string::npos);
  EXPECT_NE(failure_with(after_version + "[ $name = pg_dump ] && exit 0").message().find("pg_dump wrote nothing"),
            std::string::npos);
  EXPECT_NE(failure_with(after_version + "[ $name = pg_dumpall ] && { $real/$name \"$@\" | head -c 300; exit 0; }")
                .message()
                .find("pg_dumpall ended before its output did"),
            std::string::npos);
  EXPECT_NE(failure_with("echo \"$name (PostgreSQL) 12.3\"; exit 0").message().find("older than the server"),
            std::string::npos);
}

// A wrapper, or a shell's pipe, that swallows the failure.
TEST_F(PostgresTest, an_archive_cut_by_a_program_that_ends_well_is_an_error_that_names_the_database) {
  sql({"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)",
       "SELECT lo_from_bytea(0, decode(repeat('ab', 9000), 'hex'))"});
  const size_t whole = backup().text(in("schema.dump")).size();
  const auto cut_to = [](const std::string& how) {
    return "case \"$*\" in *--version*) exec $real/$name \"$@\";; esac\n"
           "[ $name = pg_dump ] && { $real/$name \"$@\" | " +
           how + "; exit 0; }";
  };
  for (const size_t length : {size_t{1}, size_t{10}, size_t{500}, whole / 2, whole - 9000, whole - 5, whole - 1}) {
    const Error error = failure_with(cut_to("head -c " + std::to_string(length)));
    EXPECT_NE(error.message().find("database app: what pg_dump wrote is not a whole archive"), std::string::npos)
        << length << ": " << error.message();
    EXPECT_NE(error.hint().find("Option bin"), std::string::npos) << length;
  }
  EXPECT_NE(failure_with(cut_to("sed '1s/^/hello /'")).message().find("does not begin"), std::string::npos);
  SourceOptions uncut = options();
  uncut["bin"] = {stand_in(cut_to("cat"))};
  EXPECT_EQ(SourceTest::backup(kind, uncut).text(in("schema.dump")).size(), whole);
}

TEST_F(PostgresTest, a_killed_session_is_an_error_that_names_database_and_table) {
  sql({"CREATE TABLE big AS SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 200000) i"});
  // A reader is killed while it waits for the consumer, which is the test.
  class KillingSink final : public Sink {
   public:
    KillingSink(const LivePostgres& server, RecordingSink& sink) : server_(server), sink_(sink) {}
    Status entry(Entry e) override { return sink_.entry(std::move(e)); }
    Status unchanged(Entry e) override { return sink_.unchanged(std::move(e)); }
    Status file(Entry e, Bytes content) override { return sink_.file(std::move(e), std::move(content)); }
    Status begin(std::string_view path, CutHint hint) override {
      if (path.ends_with(".copy"))
        server_.ask("postgres",
                    "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE query LIKE 'COPY%'");
      return sink_.begin(path, hint);
    }
    Status data(Bytes bytes) override { return sink_.data(std::move(bytes)); }
    Status hole(uint64_t n) override { return sink_.hole(n); }
    Status zeros(uint64_t n) override { return sink_.zeros(n); }
    Status end(Entry e) override { return sink_.end(std::move(e)); }
    void problem(std::string p, std::string w) override { sink_.problem(std::move(p), std::move(w)); }
    Result<Bytes> fingerprint(std::string_view n, BytesView v) override { return sink_.fingerprint(n, v); }
    Result<std::vector<KeyFact>> keys() override { return sink_.keys(); }
    void table(TableFact t) override { sink_.table(std::move(t)); }
    void fact(std::string n, std::string v) override { sink_.fact(std::move(n), std::move(v)); }

   private:
    const LivePostgres& server_;
    RecordingSink& sink_;
  };
  RecordingSink recording;
  KillingSink sink(server, recording);
  RecordingPrevious previous(nullptr);
  const Status status = kind.open(world(), "db", options()).value()->run(sink, previous, {});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message().find("database app: read table public.big"), std::string::npos)
      << status.error().message();
  EXPECT_EQ(recording.find(in("toc.json")), nullptr);
}

TEST_F(PostgresTest, a_lost_snapshot_is_an_error_even_if_all_rows_were_read) {
  sql({"CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)"});
  const auto snapshot =
      PostgresSnapshot::take(parse_pg_parameters(server.dsn("app")).value(), "app",
                             {.lock_timeout = std::chrono::minutes(5)}, Deadline(clock, std::chrono::minutes(5)), {})
          .value();
  server.ask(
      "postgres",
      "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE state = 'idle in transaction'");
  EXPECT_EQ(snapshot->finish().error().code(), Code::Unavailable);
}

TEST_F(PostgresTest, a_password_on_the_command_line_is_refused_and_never_shown) {
  for (const char* text : {"host=db password=hunter2", "postgresql://me:hunter2@db/app"}) {
    const Result<SourceOptions> parsed = kind.parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), Code::Invalid);
    EXPECT_EQ(parsed.error().message().find("hunter2"), std::string::npos);
    EXPECT_EQ(kind.open(world(), "db", {{"dsn", {text}}}).error().code(), Code::Invalid);
  }
}

TEST_F(PostgresTest, the_connection_and_its_password_may_be_secrets) {
  sql({"CREATE TABLE t (a int)"});
  std::map<std::string, std::string> secrets{{"$dsn", server.dsn("app") + " password=hunter2"}, {"env:PW", "hunter3"}};
  SourceWorld with = world();
  with.secret = [&](const std::string& reference) -> Result<Credential> {
    const std::string& text = secrets.at(reference);
    return Credential::take(std::vector<unsigned char>(text.begin(), text.end()));
  };
  SourceOptions given = options();
  given["dsn"] = {"$dsn"};
  given["password"] = {"env:PW"};
  RecordingSink sink;
  RecordingPrevious previous(nullptr);
  const Status status = kind.open(with, "db", given).value()->run(sink, previous, {});
  ASSERT_TRUE(status.ok()) << status.error().message();
  EXPECT_NE(sink.find(in("toc.json")), nullptr);
  secrets["$dsn"] = "not a connection hunter2";
  const Status wrong = kind.open(with, "db", given).value()->run(sink, previous, {});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ((wrong.error().message() + wrong.error().detail()).find("hunter2"), std::string::npos);
}

TEST_F(PostgresTest, less_than_size_min_is_an_error) {
  SourceOptions with = options();
  with["size_min"] = {"1000000000"};
  RecordingSink sink;
  EXPECT_NE(run(with, sink).error().hint().find("size_min"), std::string::npos);
}

TEST_F(PostgresTest, a_table_that_lost_most_of_its_rows_is_pointed_out) {
  sql({"CREATE TABLE t AS SELECT md5(i::text) FROM generate_series(1, 60000) i"});
  const RecordingSink first = backup();
  sql({"DELETE FROM t"});
  const RecordingSink second = SourceTest::backup(kind, options(), &first);
  EXPECT_EQ(second.facts.at("much_smaller_than_before"), in("tables/public/t.copy"));
  EXPECT_FALSE(first.facts.contains("much_smaller_than_before"));
}

}  // namespace
}  // namespace hf
