#include "pg/dump_format.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "pg/copy_statement.h"
#include "pg/dump_assembly.h"
#include "pg/dump_follow.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"
#include "sys/process.h"
#include "sys/real_world.h"

namespace hf {
namespace {

constexpr const char* schema_sql = R"(
create schema "odd schema";
create type mood as enum ('sad', 'ok');
create table users(id serial primary key, name text not null, m mood, b bytea,
  twice int generated always as (id * 2) stored);
insert into users(name, m, b) select 'user ' || i, 'ok', decode(md5(i::text), 'hex') from generate_series(1, 5000) i;
create table "odd schema"."we""ird t" (a int, "B c" text, unique (a));
insert into "odd schema"."we""ird t" values (1, E'tab\there\nnewline\\back'), (2, null), (3, '\.'), (4, 'ünï');
create table child(id int primary key, parent int references "odd schema"."we""ird t"(a));
insert into child values (1, 2), (2, null);
create table parts(k int, v text) partition by range (k);
create table p1 partition of parts for values from (0) to (100);
create table p2 partition of parts for values from (100) to (200);
insert into parts select i, repeat('x', i) from generate_series(0, 199) i;
create table no_columns(); insert into no_columns default values; insert into no_columns default values;
create table empty(a int);
create materialized view mv as select count(*) c from users;
create function f(int) returns int language plpgsql as $$ begin return $1 + 1; end $$;
create trigger tr before insert on users for each row execute function suppress_redundant_updates_trigger();
select lo_from_bytea(4711, 'a large object');
select lo_from_bytea(4294967290, decode(repeat('ab', 50000), 'hex'));
comment on table users is 'people';
grant select on users to public;
)";

// A real server for all tests of this file, and PostgreSQL's own programs.
class PgDumpTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    work_ = std::make_unique<TempDirectory>();
    const std::string as = getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --init-groups " : "";
    ASSERT_EQ(sh("chmod 755 . && mkdir d && " + std::string(getuid() == 0 ? "chown postgres d && " : "") + as +
                 "$B/initdb -D d/data -U postgres --auth=trust --no-sync -E UTF8 --locale=C && " + as +
                 "$B/pg_ctl -D d/data -w -t 120 -l d/log -o \"-k $PWD/d -c listen_addresses= -c fsync=off\" start "
                 ">/dev/null"),
              0);
    std::ofstream(work_->path() + "/schema.sql") << schema_sql;
    ASSERT_EQ(sh("$B/createdb shop && $B/psql -q -v ON_ERROR_STOP=1 -f schema.sql shop"), 0);
  }
  static void TearDownTestSuite() {
    const std::string as = getuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --init-groups " : "";
    sh(as + "$B/pg_ctl -D d/data -m immediate stop");
    work_.reset();
  }

  // A command in the work directory; its exit status.
  static int sh(const std::string& script) {
    const auto clock = make_real_clock();
    const auto process = make_posix_process(*clock);
    ProcessSpec spec{.argv = {"sh", "-c", "B=$(ls -d /usr/lib/postgresql/*/bin | tail -1); " + script},
                     .environment = {{"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"},
                                     {"PGHOST", work_->path() + "/d"},
                                     {"PGUSER", "postgres"},
                                     {"LC_ALL", "C.UTF-8"}},
                     .directory = work_->path()};
    output_.clear();
    const auto end = process->run(spec,
                                  [](BytesView bytes) -> Status {
                                    output_ += as_text(bytes);
                                    return {};
                                  },
                                  Deadline(*clock, std::chrono::minutes(5)), {});
    if (!end.ok()) ADD_FAILURE() << end.error().message();
    if (end.ok() && end.value().status != 0) output_ += end.value().stderr_text;
    return end.ok() ? end.value().status : -1;
  }
  static Bytes read(const std::string& name) {
    return read_whole_file(*make_posix_fs(), work_->path() + "/" + name, 1 << 30).value();
  }
  static void write(const std::string& name, BytesView bytes) {
    ASSERT_TRUE(replace_whole_file(*make_posix_fs(), work_->path() + "/" + name, bytes, 0644).ok());
  }

  // Rows of all tables by COPY, as a postgres source stores them, and an archive without them.
  static void dump_apart() {
    ASSERT_EQ(
        sh("mkdir -p rows && $B/pg_dump -Fc -Z0 --exclude-table-data='\"odd schema\".*' --exclude-table-data=users "
           "--exclude-table-data=child --exclude-table-data=p1 --exclude-table-data=p2 --exclude-table-data=empty "
           "--exclude-table-data=no_columns shop > schema.dump && "
           "for t in users child p1 p2 empty no_columns; do $B/psql -qc \"copy $t to stdout\" shop > rows/$t; done && "
           "$B/psql -qc 'copy (select id, name, m, b from users) to stdout' shop > rows/users && "
           "$B/psql -qc 'copy \"odd schema\".\"we\"\"ird t\" to stdout' shop > rows/weird"),
        0)
        << output_;
    rows_.clear();
    for (const char* name : {"weird", "child", "empty", "no_columns", "p1", "p2", "users"})
      rows_[name] = read(std::string("rows/") + name);
  }
  static PgDumpRows rows_of(const std::string& schema, const std::string& table, std::vector<std::string> columns,
                            const std::string& file) {
    const Bytes& bytes = rows_.at(file);
    return {schema, table, std::move(columns), bytes.size(), [&bytes](const auto& take) { return take(bytes); }};
  }
  static std::vector<PgDumpRows> all_rows() {
    return {rows_of("odd schema", "we\"ird t", {"a", "B c"}, "weird"),
            rows_of("public", "child", {"id", "parent"}, "child"),
            rows_of("public", "empty", {"a"}, "empty"),
            rows_of("public", "no_columns", {}, "no_columns"),
            rows_of("public", "p1", {"k", "v"}, "p1"),
            rows_of("public", "p2", {"k", "v"}, "p2"),
            rows_of("public", "users", {"id", "name", "m", "b"}, "users")};
  }
  // What a plain dump says, without what differs each time.
  static std::string plain(const std::string& database) {
    EXPECT_EQ(sh("$B/pg_dump " + database + " | grep -v -E '^.(un)?restrict '"), 0) << output_;
    return output_;
  }

  static std::unique_ptr<TempDirectory> work_;
  static std::string output_;
  static std::map<std::string, Bytes> rows_;
};
std::unique_ptr<TempDirectory> PgDumpTest::work_;
std::string PgDumpTest::output_;
std::map<std::string, Bytes> PgDumpTest::rows_;

TEST_F(PgDumpTest, what_is_read_is_written_again_byte_for_byte) {
  for (const std::string options : {"-Z0", "-Z6", "-Z0 --schema-only", "-Z1 --create --clean"}) {
    ASSERT_EQ(sh("$B/pg_dump -Fc " + options + " shop > whole.dump"), 0);
    const Bytes bytes = read("whole.dump");
    const PgOpenDump open = read_pg_dump(range_of(bytes)).value();
    EXPECT_GT(open.archive.entries.size(), 20u);
    EXPECT_TRUE(equal(encode(open.archive), BytesView(bytes).first(open.data_offset))) << options;
    if (options.find("schema") == std::string::npos) {
      EXPECT_EQ(open.blocks.size(), 8u);
    }
  }
}

TEST_F(PgDumpTest, rows_are_those_that_copy_gives) {
  dump_apart();
  for (const std::string options : {"-Z0", "-Z6"}) {
    ASSERT_EQ(sh("$B/pg_dump -Fc " + options + " shop > whole.dump"), 0);
    const Bytes bytes = read("whole.dump");
    const PgOpenDump open = read_pg_dump(range_of(bytes)).value();
    size_t seen = 0;
    for (const PgDumpEntry& entry : open.archive.entries) {
      if (!entry.is("TABLE DATA") || entry.tag != "users") continue;
      for (const PgDumpBlock& block : open.blocks) {
        if (block.dump_id != entry.dump_id) continue;
        Bytes rows;
        const auto take = [&](BytesView more) -> Status {
          append(rows, more);
          return {};
        };
        ASSERT_TRUE(read_pg_dump_data(range_of(bytes), block, open.archive.head.compression().value(), take).ok());
        EXPECT_EQ(as_text(rows), std::string(as_text(rows_.at("users"))) + std::string(pg_rows_end));
        ++seen;
      }
    }
    EXPECT_EQ(seen, 1u);
  }
}

TEST_F(PgDumpTest, an_archive_cut_anywhere_is_corrupt) {
  ASSERT_EQ(sh("$B/pg_dump -Fc -Z6 shop > whole.dump"), 0);
  const Bytes bytes = read("whole.dump");
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 37) {
    const Bytes part = to_bytes(BytesView(bytes).first(length));
    const auto open = read_pg_dump(range_of(part));
    ASSERT_FALSE(open.ok()) << length;
    EXPECT_EQ(open.error().code(), Code::Corrupt) << length;
  }
}

// Of the first `length` bytes, passing by in parts of `step`.
Status follow(const Bytes& bytes, size_t length, size_t step) {
  PgDumpFollow follow;
  for (size_t at = 0; at < length; at += step)
    HF_TRY(follow.feed(BytesView(bytes).subspan(at, std::min(step, length - at))));
  return follow.finish();
}

TEST_F(PgDumpTest, an_archive_that_passes_by_is_whole_at_its_end_and_nowhere_before) {
  for (const std::string options : {"-Z0", "-Z6", "-Z0 --schema-only", "-Z0 --schema-only -n nowhere"}) {
    ASSERT_EQ(sh("$B/pg_dump -Fc " + options + " shop > whole.dump || $B/pg_dump -Fc -Z0 template1 > whole.dump"), 0);
    const Bytes bytes = read("whole.dump");
    for (const size_t step : {size_t{1}, size_t{7}, size_t{4096}, size_t{65536}, bytes.size()})
      EXPECT_TRUE(follow(bytes, bytes.size(), step).ok()) << options << " " << step;
    std::vector<size_t> cuts{bytes.size() - 1, bytes.size() - 5, bytes.size() - 6};
    const PgOpenDump open = read_pg_dump(range_of(bytes)).value();
    for (const PgDumpBlock& block : open.blocks) cuts.push_back(block.offset);
    if (open.blocks.empty()) cuts.push_back(open.data_offset - 1);
    for (size_t length = 0; length < bytes.size(); length += 1 + length / 37) cuts.push_back(length);
    for (const size_t cut : cuts) {
      const Status status = follow(bytes, cut, 1000);
      ASSERT_FALSE(status.ok()) << options << " " << cut;
      EXPECT_EQ(status.error().code(), Code::Corrupt);
    }
    Bytes longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(follow(longer, longer.size(), 100).ok());
  }
}

TEST_F(PgDumpTest, what_is_no_archive_is_refused_at_once) {
  PgDumpFollow banner;
  EXPECT_EQ(banner.feed(as_bytes("Welcome to this machine\n")).error().code(), Code::Corrupt);
  ASSERT_EQ(sh("$B/pg_dump -Fc -Z0 template1 > whole.dump"), 0);
  Bytes bytes = read("whole.dump");
  bytes[6] = std::byte{17};
  PgDumpFollow newer;
  EXPECT_EQ(newer.feed(bytes).error().code(), Code::Unsupported);
}

TEST_F(PgDumpTest, an_assembled_archive_restores_to_the_same_database) {
  dump_apart();
  const std::string wanted = plain("shop");
  const Bytes schema = read("schema.dump");
  int number = 0;
  for (const PgDumpCompression compression : {PgDumpCompression::None, PgDumpCompression::Gzip}) {
    PgDumpAssembly assembly = PgDumpAssembly::plan(range_of(schema), all_rows(), compression).value();
    const uint64_t planned = assembly.length();
    Bytes whole;
    const auto put = [&](BytesView more) -> Status {
      append(whole, more);
      return {};
    };
    ASSERT_TRUE(assembly.write(put).ok());
    if (compression == PgDumpCompression::None) {
      EXPECT_EQ(whole.size(), planned);
      EXPECT_TRUE(equal(assembly.beginning(), BytesView(whole).first(assembly.beginning().size())));
    }
    std::memcpy(whole.data(), assembly.beginning().data(), assembly.beginning().size());
    write("assembled.dump", whole);
    EXPECT_EQ(read_pg_dump(range_of(whole)).value().blocks.size(), 8u);
    for (const std::string jobs : {"", "-j 4 "}) {
      const std::string database = "again" + std::to_string(++number);
      ASSERT_EQ(sh("$B/createdb " + database + " && $B/pg_restore -e " + jobs + "-d " + database + " assembled.dump"),
                0)
          << output_;
      write("wanted.sql", as_bytes(wanted));
      write("found.sql", as_bytes(plain(database)));
      EXPECT_EQ(sh("diff wanted.sql found.sql"), 0) << output_;
      ASSERT_EQ(sh("$B/psql -Atc 'select oid, md5(lo_get(oid)) from pg_largeobject_metadata order by 1' " + database),
                0);
      EXPECT_NE(output_.find("4294967290|"), std::string::npos) << output_;
      ASSERT_EQ(sh("$B/dropdb " + database), 0);
    }
    ASSERT_EQ(sh("$B/pg_restore -l assembled.dump | grep -c 'TABLE DATA'"), 0);
    EXPECT_EQ(output_, "7\n");
    ASSERT_EQ(sh("$B/pg_restore -a -t child -f - assembled.dump | grep -A 3 '^COPY'"), 0);
    EXPECT_EQ(output_, "COPY \"public\".\"child\" (\"id\", \"parent\") FROM stdin;\n1\t2\n2\t\\N\n\\.\n");
  }
}

TEST_F(PgDumpTest, rows_that_are_not_as_long_as_recorded_are_corrupt) {
  dump_apart();
  const Bytes schema = read("schema.dump");
  std::vector<PgDumpRows> rows = all_rows();
  ++rows[1].bytes;
  PgDumpAssembly assembly = PgDumpAssembly::plan(range_of(schema), std::move(rows), PgDumpCompression::None).value();
  const Status written = assembly.write([](BytesView) { return Status(); });
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), Code::Corrupt);
}

TEST(PgCopyStatement, is_read_as_it_is_written_and_as_pg_dump_writes_it) {
  const PgCopyStatement odd{"odd \"schema", "T", {"a", "b,c", "\"", "ü"}};
  EXPECT_EQ(parse_copy_statement(format_copy_statement(odd)), odd);
  EXPECT_EQ(parse_copy_statement("COPY public.users (id, \"B c\") FROM stdin;\n"),
            (PgCopyStatement{"public", "users", {"id", "B c"}}));
  EXPECT_EQ(parse_copy_statement("COPY public.nothing  FROM stdin;\n"), (PgCopyStatement{"public", "nothing", {}}));
  EXPECT_EQ(parse_copy_statement("COPY users (id) FROM stdin;\n"), (PgCopyStatement{"", "users", {"id"}}));
  for (const char* other : {"", "COPY a.b (c) FROM PROGRAM 'id';\n", "COPY a.b (c) FROM stdin;\nDROP TABLE x;\n",
                            "COPY a.b (c FROM stdin;\n", "COPY \"\".b  FROM stdin;\n", "COPY a.b.c (d) FROM stdin;\n"})
    EXPECT_EQ(parse_copy_statement(other), std::nullopt) << other;
}

}  // namespace
}  // namespace hf
