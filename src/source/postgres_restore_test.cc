// A postgres source's tree against real servers: what was tampered with is found and named; what is there is proven.
#include "pg/instance.h"
#include "pg/load_rows.h"
#include "pg/names.h"
#include "pg/row_digest.h"
#include "pg/toc.h"
#include "source/postgres.h"
#include "source/source_test_world.h"

namespace hf {
namespace {

class PostgresRestore : public SourceTest {
 protected:
  PostgresRestore() {
    std::filesystem::permissions(top, std::filesystem::perms(0755));
    const PgWorld pg{Env{clock, *entropy, meter}, *fs, *process};
    Result<PgPrograms> programs = find_pg_programs(pg, {.major = 13, .is_server = true}, {});
    if (!programs.ok()) throw std::runtime_error(programs.error().message());
    auto started = TemporaryInstance::start(pg, programs.value(), top.string(), "postgres", {});
    if (!started.ok()) throw std::runtime_error(started.error().message() + started.error().detail());
    origin = std::move(started).value();
    sql("postgres", "CREATE DATABASE shop");
    sql("shop",
        "CREATE TABLE public.users (id int PRIMARY KEY, name text); INSERT INTO public.users SELECT i, 'user ' || i "
        "FROM "
        "generate_series(1, 500) i; CREATE TABLE public.notes (t text); INSERT INTO public.notes VALUES ('a'), ('b'); "
        "SELECT "
        "lo_from_bytea(0, 'x')");
    tree = backup(kind, {{"dsn", {pg_connection_text(origin->parameters("postgres"))}}});
    write_tree();
  }

  void sql(const std::string& database, const std::string& text) {
    auto connection = open_loading({clock, *entropy, meter}, origin->parameters(database), {});
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    const Status status = connection.value()->run(text);
    ASSERT_TRUE(status.ok()) << status.error().detail();
  }
  void write_tree() {
    for (const RecordedEntry& entry : tree.entries) {
      const std::filesystem::path path = top / "tree" / entry.entry.path;
      if (entry.entry.info.type == FileType::Directory)
        std::filesystem::create_directories(path);
      else
        std::ofstream(path, std::ios::binary) << as_text(entry.content);
    }
  }
  std::filesystem::path shop(const std::string& file) const { return top / "tree" / "databases" / "shop" / file; }
  std::string read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void replace(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  Proved prove() {
    const RecordedSource recorded = tree.recorded("postgres");
    Result<Proved> proved =
        kind.prove(world(), {.directory = (top / "tree").string(), .recorded = recorded, .scratch = top.string()});
    EXPECT_TRUE(proved.ok()) << (proved.ok() ? "" : proved.error().message() + proved.error().detail());
    return proved.ok() ? std::move(proved).value() : Proved{};
  }
  // The message of the check that failed; exactly one did.
  std::string failure() {
    std::string message;
    for (const CheckResult& check : prove().checks)
      if (!check.passed) message += (message.empty() ? "" : " | ") + check.name + ": " + check.message;
    return message;
  }

  const SourceKind kind = postgres_source_kind();
  std::unique_ptr<TemporaryInstance> origin;
  RecordingSink tree;
};

TEST_F(PostgresRestore, what_is_as_recorded_is_proven_and_runs_until_it_is_stopped) {
  Proved proved = prove();
  ASSERT_GE(proved.checks.size(), 6U);
  for (const CheckResult& check : proved.checks) EXPECT_TRUE(check.passed) << check.name << ": " << check.message;
  ASSERT_NE(proved.running, nullptr);
  const std::string reach = proved.running->connections().at("shop");
  {
    Result<PgParameters> parameters = parse_pg_parameters(reach);
    ASSERT_TRUE(parameters.ok());
    auto connection = open_loading({clock, *entropy, meter}, parameters.value(), {});
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    EXPECT_EQ(connection.value()->query("SELECT count(*) FROM public.users").value().text(0, 0), "500");
  }
  const Status stopped = proved.running->stop();
  EXPECT_TRUE(stopped.ok()) << stopped.error().message();
}

TEST_F(PostgresRestore, a_changed_row_names_its_table) {
  std::string rows = read(shop("tables/public/users.copy"));
  rows.replace(rows.find("user 77"), 7, "user 78");
  replace(shop("tables/public/users.copy"), rows);
  const std::string found = failure();
  EXPECT_NE(found.find("load: "), std::string::npos) << found;
  EXPECT_NE(found.find("public.users"), std::string::npos) << found;
  EXPECT_NE(found.find("digest"), std::string::npos) << found;
}

TEST_F(PostgresRestore, a_missing_row_names_its_table) {
  std::string rows = read(shop("tables/public/users.copy"));
  replace(shop("tables/public/users.copy"), rows.substr(rows.find('\n') + 1));
  const std::string found = failure();
  EXPECT_NE(found.find("table public.users of database shop: the rows in its file are 499 instead of 500"),
            std::string::npos)
      << found;
}

// Somebody who changes a file and toc.json alike is found by what was recorded in the manifest.
TEST_F(PostgresRestore, a_row_that_is_lost_everywhere_but_in_the_manifest_is_found) {
  std::string rows = read(shop("tables/public/users.copy"));
  rows = rows.substr(rows.find('\n') + 1);
  replace(shop("tables/public/users.copy"), rows);
  PgToc toc = decode_toc(read(shop("toc.json"))).value();
  PgRowDigest digest;
  digest.add(as_bytes(rows));
  for (PgTocTable& table : toc.tables)
    if (table.name == "users") {
      table.rows = digest.rows();
      table.digest = digest.digest();
    }
  replace(shop("toc.json"), encode_toc(toc));
  EXPECT_EQ(failure(), "shop: tables: shop.public.users has 499 rows instead of 500");
}

TEST_F(PostgresRestore, a_table_or_database_that_is_missing_or_damaged_is_named) {
  std::filesystem::remove(shop("tables/public/notes.copy"));
  EXPECT_NE(failure().find("table public.notes of database shop is missing"), std::string::npos);
  std::filesystem::remove_all(top / "tree" / "databases" / "shop");
  EXPECT_NE(failure().find("databases: shop is missing"), std::string::npos);
}

TEST_F(PostgresRestore, a_toc_or_an_archive_that_cannot_be_read_is_a_failed_check) {
  const std::string archive = read(shop("schema.dump"));
  replace(shop("schema.dump"), archive.substr(0, archive.size() / 3));
  EXPECT_NE(failure().find("load database shop"), std::string::npos);
  replace(shop("toc.json"), "{\"format\":1");
  EXPECT_NE(failure().find("database shop has no toc.json that can be read"), std::string::npos);
}

TEST_F(PostgresRestore, a_server_that_is_the_origin_is_known_as_such) {
  const RecordedSource recorded = tree.recorded("postgres");
  const LoadRequest request{.dsn = pg_connection_text(origin->parameters("postgres")),
                            .databases = {"shop"},
                            .recreate = true,
                            .scratch = top.string()};
  const std::unique_ptr<Load> load = kind.load(world(), recorded, request).value();
  const Result<LoadPlan> plan = load->plan({});
  ASSERT_TRUE(plan.ok()) << plan.error().message();
  EXPECT_TRUE(plan.value().is_destructive);
  EXPECT_EQ(plan.value().name, "shop");
  EXPECT_NE(plan.value().production, "");
  EXPECT_NE(plan.value().losses.at(0).find("2 tables"), std::string::npos);
}

TEST_F(PostgresRestore, a_request_that_contradicts_itself_is_refused) {
  const RecordedSource recorded = tree.recorded("postgres");
  const std::string dsn = "host=/nowhere";
  const std::vector<LoadRequest> wrong = {{},
                                          {.new_instance = "/x", .dsn = dsn},
                                          {.new_instance = "/x", .clean = true},
                                          {.port = 5433, .dsn = dsn, .databases = {"shop"}},
                                          {.dsn = dsn, .databases = {"shop"}, .clean = true, .recreate = true},
                                          {.dsn = dsn},
                                          {.dsn = dsn, .databases = {"shop="}},
                                          {.dsn = dsn + " password=x", .databases = {"shop"}}};
  for (const LoadRequest& request : wrong) {
    const Result<std::unique_ptr<Load>> load = kind.load(world(), recorded, request);
    ASSERT_FALSE(load.ok());
    EXPECT_EQ(load.error().code(), Code::Invalid) << load.error().message();
    EXPECT_NE(load.error().hint(), "") << load.error().message();
  }
}

}  // namespace
}  // namespace hf
