#include "app/environments.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

config::KindConfig environment(config::KindOptions options) {
  return {"ssh", std::move(options)};
}

TEST(Environments, a_server_is_known_by_its_host_and_where_one_is_written_its_port) {
  const auto same = [](const char* written, const char* server) { return is_same_server(written, server, "db1"); };
  EXPECT_TRUE(same("dr-db-1", "dr-db-1:5432"));
  EXPECT_TRUE(same("DR-db-1", "dr-db-1.example.org:5432"));
  EXPECT_TRUE(same("dr-db-1.example.org", "dr-db-1:5433"));
  EXPECT_TRUE(same("dr-db-1:5433", "dr-db-1:5433"));
  EXPECT_FALSE(same("dr-db-1:5433", "dr-db-1:5432"));
  EXPECT_FALSE(same("dr-db-1", "dr-db-2:5432"));
  EXPECT_FALSE(same("dr-db-1.example.org", "dr-db-1.example.com:5432"));
  EXPECT_TRUE(same("10.0.0.5", "10.0.0.5:5432"));
  EXPECT_FALSE(same("10.0.0.5", "10.0.0.6:5432"));
  EXPECT_FALSE(same("10", "10.0.0.6:5432"));
  EXPECT_TRUE(same("[2001:db8::1]:5432", "2001:db8::1"));
  EXPECT_TRUE(same("2001:db8::1", "[2001:db8::1]:5432"));
}

TEST(Environments, this_machine_has_many_names) {
  const auto same = [](const char* written, const char* server) { return is_same_server(written, server, "db1"); };
  EXPECT_TRUE(same("db1.example.org", "/run/postgresql:5432"));
  EXPECT_TRUE(same("localhost", "db1:5432"));
  EXPECT_TRUE(same("127.0.0.1:5432", "localhost:5432"));
  EXPECT_FALSE(same("127.0.0.1:5433", "localhost:5432"));
  EXPECT_TRUE(same("/run/postgresql", "localhost:5432"));
  EXPECT_TRUE(same("/run/postgresql/", "/run/postgresql:5433"));
  EXPECT_FALSE(same("/run/postgresql", "/srv/other:5432"));
  EXPECT_FALSE(same("localhost", "db2:5432"));
}

TEST(Environments, one_is_in_production_if_it_is_marked_or_named_so) {
  EXPECT_TRUE(is_production("dr-site", environment({{"production", {"true"}}})));
  EXPECT_FALSE(is_production("dr-site", environment({{"production", {"false"}}})));
  EXPECT_FALSE(is_production("dr-site", environment({})));
  EXPECT_TRUE(is_production("production", environment({})));
  EXPECT_FALSE(is_production("production", environment({{"production", {"false"}}})));
}

TEST(Environments, servers_are_listed_or_a_host_or_stand_in_variables) {
  EXPECT_EQ(
      servers_of(environment(
          {{"servers", {"a", "b:5433"}}, {"host", {"c"}}, {"env", {"PGHOST", "d", "PGPORT", "5434", "PGUSER", "$u"}}})),
      (std::vector<std::string>{"a", "b:5433", "c", "d:5434"}));
  EXPECT_TRUE(servers_of(environment({{"env", {"PGHOST", "$host"}}})).empty());
}

TEST(Environments, the_environment_that_forbids_is_named) {
  config::Config config;
  config.environments["staging"] = environment({{"host", {"db1"}}});
  config.environments["dr-site"] = environment({{"host", {"dr-db-1"}}, {"production", {"true"}}});
  EXPECT_EQ(why_production(config, "dr-db-1:5432", "here"),
            "environment dr-site of the configuration is in production, and dr-db-1 is its server");
  EXPECT_EQ(why_production(config, "db1:5432", "here"), "");
}

}  // namespace
}  // namespace hf
