#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/app_test_world.h"
#include "app/choose.h"
#include "app/kinds.h"
#include "app/session.h"
#include "app/source_words.h"
#include "app/table.h"
#include "backup/backup_run.h"

namespace hf {
namespace {

TEST(ExitCode, follows_the_contract) {
  EXPECT_EQ(exit_code(Code::NotFound), Exit::NotFound);
  EXPECT_EQ(exit_code(Code::Invalid), Exit::Usage);
  EXPECT_EQ(exit_code(Code::KeyMissing), Exit::Key);
  EXPECT_EQ(exit_code(Code::Refused), Exit::Refused);
  EXPECT_EQ(exit_code(Code::Held), Exit::Held);
  EXPECT_EQ(exit_code(Code::Unavailable), Exit::Unreachable);
  EXPECT_EQ(exit_code(Code::Timeout), Exit::Unreachable);
  EXPECT_EQ(exit_code(Code::Cancelled), Exit::Interrupted);
  EXPECT_EQ(exit_code(Code::Cancelled, true), Exit::Terminated);
  for (const Code code : {Code::Exists, Code::Denied, Code::Corrupt, Code::Unsupported, Code::Failed})
    EXPECT_EQ(exit_code(code), Exit::Failed);
}

TEST(JsonText, is_valid_whatever_the_bytes) {
  const std::string bytes("a\"\\\n\x01\x7f\xff\xc3\xa4\xed\xa0\x80\xf0\x9f\x92\xbe\0z", 18);
  const auto parsed = nlohmann::json::parse(JsonObject().add("name", bytes).json().text());
  const std::string text = parsed["name"];
  EXPECT_TRUE(text.starts_with("a\"\\\n\x01\x7f\xef\xbf\xbd\xc3\xa4")) << text;
  EXPECT_NE(text.find("\xf0\x9f\x92\xbe"), std::string::npos);
}

TEST(JsonText, keeps_the_order_of_members) {
  EXPECT_EQ(JsonObject().add("b", 1).add("a", true).add("n", Json()).add("s", "x").json().text(),
            R"({"b":1,"a":true,"n":null,"s":"x"})");
}

TEST(SourceName, is_the_last_component) {
  EXPECT_EQ(source_name("/srv/uploads"), "uploads");
  EXPECT_EQ(source_name("/srv/uploads//"), "uploads");
  EXPECT_EQ(source_name("/srv/app.db"), "app.db");
  EXPECT_EQ(source_name("/srv/models/*.joblib"), "models");
  EXPECT_EQ(source_name("/"), "root");
}

class SourceWords : public testing::Test {
 protected:
  Result<std::vector<PlannedSource>> plan(const std::vector<std::string>& words) {
    return plan_sources(words, source_kinds(), *fs_);
  }
  std::unique_ptr<Fs> fs_ = make_posix_fs();
};

TEST_F(SourceWords, get_unique_names) {
  const auto planned = plan({"files:/srv/web", "files:/var/web", "command:/usr/bin/web --all", "sqlite:/srv/app.db"});
  ASSERT_TRUE(planned.ok());
  ASSERT_EQ(planned.value().size(), 4u);
  EXPECT_EQ(planned.value()[0].name, "web");
  EXPECT_EQ(planned.value()[1].name, "web-2");
  EXPECT_EQ(planned.value()[2].name, "web-3");
  EXPECT_EQ(planned.value()[3].name, "app.db");
}

TEST_F(SourceWords, count_once_if_repeated) {
  EXPECT_EQ(plan({"files:/srv/web", "files:/srv/web"}).value().size(), 1u);
}

TEST_F(SourceWords, of_an_unknown_kind_are_refused_with_the_nearest) {
  const auto planned = plan({"file:/srv/web"});
  ASSERT_FALSE(planned.ok());
  EXPECT_EQ(planned.error().code(), Code::Invalid);
  EXPECT_EQ(planned.error().hint(), "did you mean files:?");
}

TEST_F(SourceWords, without_a_kind_are_refused_with_what_to_write) {
  const auto planned = plan({"/srv/web"});
  ASSERT_FALSE(planned.ok());
  EXPECT_NE(planned.error().hint().find("files:/srv/web"), std::string::npos);
}

TEST(RepoAddress, is_a_path_dir_colon_path_or_a_url) {
  EXPECT_EQ(parse_repo("/backup").value().path, "/backup");
  EXPECT_EQ(parse_repo("dir:/backup").value().path, "/backup");
  const RepoAddress bucket = parse_repo("s3://bucket/a/b/").value();
  EXPECT_EQ(bucket.kind, "s3");
  EXPECT_EQ(bucket.path, "s3://bucket/a/b/");
  EXPECT_EQ(bucket.options, (StoreOptions{{"bucket", "bucket"}, {"prefix", "a/b/"}}));
  EXPECT_EQ(parse_repo("s3://bucket").value().options.at("prefix"), "");
  for (const char* text : {"s3://", "s3:///a", "s3://UPPER/a", "s3://bucket/../a", "s3://bucket/a b", "gopher://a"})
    EXPECT_EQ(parse_repo(text).error().code(), Code::Invalid) << text;
  EXPECT_EQ(parse_repo("").error().code(), Code::Invalid);
}

Point make_point(const std::string& set, int day, unsigned char first) {
  Point point;
  point.id.bytes[0] = std::byte{first};
  point.id.bytes[2] = static_cast<std::byte>(day);
  point.manifest.set = set;
  point.manifest.started = WallTime(std::chrono::hours(24 * day));
  point.manifest.sources = {{.name = "uploads", .kind = "files", .base = "/srv/uploads"},
                            {.name = "app.db", .kind = "sqlite"}};
  return point;
}

TEST(ChoosePoint, by_latest_set_and_first_digits) {
  const std::vector<Point> points{make_point("web", 1, 0xaa), make_point("web", 3, 0xaa), make_point("db", 2, 0xbb)};
  EXPECT_EQ(choose_point(points, "latest").value().id, points[1].id);
  EXPECT_EQ(choose_point(points, "web").value().id, points[1].id);
  EXPECT_EQ(choose_point(points, "db").value().id, points[2].id);
  EXPECT_EQ(choose_point(points, "aa0001").value().id, points[0].id);
  EXPECT_EQ(choose_point(points, "aa00").error().code(), Code::Invalid);
  EXPECT_EQ(choose_point(points, "cccc").error().code(), Code::NotFound);
  EXPECT_EQ(choose_point(points, "wep").error().hint(), "did you mean web?");
  EXPECT_EQ(choose_point(std::vector<Point>{}, "latest").error().code(), Code::NotFound);
}

TEST(ChoosePoint, some_sources_are_not_the_set_however_new_they_are) {
  std::vector<Point> points{make_point("web", 1, 0xaa), make_point("web", 3, 0xbb)};
  points[1].manifest.kind = kind_selected;
  points[1].manifest.sources.pop_back();
  EXPECT_EQ(choose_point(points, "web").value().id, points[0].id);
  EXPECT_EQ(choose_point(points, "latest").value().id, points[0].id);
  EXPECT_EQ(choose_point(points, "web", {"uploads"}).value().id, points[1].id) << "the newest that has it";
  EXPECT_EQ(choose_point(points, "web", {"app.db"}).value().id, points[0].id);
  EXPECT_EQ(choose_point(points, "bb00").value().id, points[1].id) << "by name it is as good as any";
  EXPECT_EQ(choose_point({points[1]}, "web").value().id, points[1].id) << "where there is nothing else";
}

TEST(ChoosePlace, by_source_or_by_the_path_it_had) {
  const Point point = make_point("web", 1, 0xaa);
  EXPECT_EQ(choose_place(point, "").value().source, nullptr);
  EXPECT_EQ(choose_place(point, "uploads/a/b").value().path, "a/b");
  EXPECT_EQ(choose_place(point, "/srv/uploads/a").value().path, "a");
  EXPECT_EQ(choose_place(point, "/srv/uploads").value().path, "");
  EXPECT_EQ(choose_place(point, "app.db/app.db").value().source->name, "app.db");
  EXPECT_EQ(choose_place(point, "/srv/uploads-2/a").error().code(), Code::NotFound);
  EXPECT_EQ(choose_place(point, "upload/a").error().hint(), "did you mean uploads?");
}

TEST(TableText, aligns_columns) {
  Table table({"name", ">size"});
  table.add({"a", "1,000"});
  table.add({"größe", "2"});
  EXPECT_EQ(table.lines(), (std::vector<std::string>{"name    size", "a      1,000", "größe      2"}));
}

TEST(TableText, in_portions_has_one_heading_and_never_gets_narrower) {
  Table table({"name", ">size"});
  table.add({"a-long-name", "1"});
  EXPECT_EQ(table.drain(), (std::vector<std::string>{"name         size", "a-long-name     1"}));
  table.add({"b", "22"});
  EXPECT_EQ(table.drain(), (std::vector<std::string>{"b              22"}));
}

TEST(ProgressText, tells_rate_and_time_left_once_they_are_known) {
  const Work work{.doing = "backup web", .bytes = 100 << 20, .bytes_total = 300 << 20};
  EXPECT_EQ(describe(work, Duration{}), "backup web: 100.0 MiB of 300.0 MiB");
  EXPECT_EQ(describe(work, std::chrono::seconds(10)), "backup web: 100.0 MiB of 300.0 MiB, 10.0 MiB/s, 21.0 s left");
}

}  // namespace
}  // namespace hf
