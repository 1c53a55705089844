#include "pg/parameters.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

TEST(PgParameters, both_forms_of_libpq_are_read) {
  const PgParameters words = parse_pg_parameters("host=db port=5433 user='a b' dbname=app").value();
  EXPECT_EQ(words.values.at("user"), "a b");
  const PgParameters url = parse_pg_parameters("postgresql://me@db:5433/app?sslmode=verify-full").value();
  EXPECT_EQ(url.values.at("sslmode"), "verify-full");
  EXPECT_EQ(url.values.at("dbname"), "app");
}

TEST(PgParameters, the_password_is_kept_apart_and_goes_into_the_environment_alone) {
  for (const char* text : {"host=db password=hunter2", "postgres://me:hunter2@db/app"}) {
    const PgParameters parameters = parse_pg_parameters(text).value();
    ASSERT_TRUE(parameters.password) << text;
    EXPECT_EQ(pg_connection_text(parameters).find("hunter2"), std::string::npos);
    EXPECT_EQ(pg_child_environment(parameters).at("PGPASSWORD"), "hunter2");
    EXPECT_EQ(pg_child_environment(with_database(parameters, "other")).at("PGPASSWORD"), "hunter2");
  }
}

TEST(PgParameters, an_error_shows_nothing_of_what_was_given) {
  for (const char* text : {"hunter2", "host=db hunter2", "host=db pass word=hunter2", "postgres://me:hunter2@[db/app",
                           "password='hunter2"}) {
    const Result<PgParameters> parsed = parse_pg_parameters(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), Code::Invalid);
    EXPECT_EQ((parsed.error().message() + parsed.error().detail() + parsed.error().hint()).find("hunter2"),
              std::string::npos);
  }
}

TEST(PgParameters, text_of_a_connection_reads_back) {
  PgParameters parameters;
  parameters.values = {{"dbname", "it's a \\ db"}, {"host", "/tmp"}};
  EXPECT_EQ(parse_pg_parameters(pg_connection_text(parameters)).value().values, parameters.values);
}

}  // namespace
}  // namespace hf
