// Checks and environments in a configuration: lists, maps in place of values, and kinds told by a key.
#include <gtest/gtest.h>

#include "config/test_schemas.h"

namespace hf::config {
namespace {

constexpr std::string_view head =
    "version: 1\nsecrets: {token: {env: TOKEN}}\nsources: {app: {type: sqlite, path: /a}}\n";

Result<Config> read(const std::string& text) {
  return parse(std::string(head) + text, "f.yaml", test_schemas());
}

std::string problem(const std::string& text) {
  const Result<Config> config = read(text);
  return config.ok() ? "no problem" : config.error().message();
}

TEST(Checks, are_read_in_their_order_with_what_they_expect) {
  const Config config = read(
                            "checks:\n  app:\n    - {http: /health, expect: 200}\n"
                            "    - {http: /info, auth: $token, expect: {status: 201, json: {a.b: true, c: \">= 1\"}}}\n"
                            "    - {sql: select 1, on: app, tables: [a, b]}\n")
                            .value();
  const std::vector<KindConfig>& checks = config.checks.at("app");
  ASSERT_EQ(checks.size(), 3u);
  EXPECT_EQ(checks[0].type, "http");
  EXPECT_EQ(checks[0].options, (KindOptions{{"http", {"/health"}}, {"expect", {"200"}}}));
  EXPECT_EQ(checks[1].options, (KindOptions{{"http", {"/info"}},
                                            {"auth", {"$token"}},
                                            {"expect.status", {"201"}},
                                            {"expect.json", {"a.b", "true", "c", ">= 1"}}}));
  EXPECT_EQ(checks[2].options, (KindOptions{{"sql", {"select 1"}}, {"on", {"app"}}, {"tables", {"a", "b"}}}));
  EXPECT_EQ(config.notes, std::vector<std::string>{"f.yaml:8:7: sql is not executed"});
}

TEST(Checks, are_shown_by_their_number) {
  const Config config = read("checks: {app: [{http: /a}, {http: /b, expect: {status: 201}}]}").value();
  std::string shown;
  for (const Shown& value : config.values)
    if (value.path.starts_with("checks.")) shown += value.path + "=" + value.value + " ";
  EXPECT_EQ(shown, "checks.app.1.http=/a checks.app.2.http=/b checks.app.2.expect.status=201 ");
}

TEST(Checks, mistakes_stand_where_they_are_made) {
  EXPECT_EQ(problem("checks: {app: [{htpp: /a}]}"),
            "f.yaml:4:17: unknown key \"htpp\"; did you mean \"http\"?\n 4 | checks: {app: [{htpp: /a}]}\n"
            "   |                 ^");
  const auto has = [&](const std::string& text, const std::string& what) {
    EXPECT_NE(problem(text).find(what), std::string::npos) << text << ": " << problem(text);
  };
  has("checks: {app: [{http: /a, sql: x}]}", "either \"http\" or \"sql\", not both");
  has("checks: {app: [{name: x}]}", "one of these keys is missing: http, sql");
  has("checks: {app: []}", "is empty");
  has("checks: {app: {http: /a}}", "takes a list of maps");
  has("checks: {app: [http]}", "takes a map of keys");
  has("checks: {app: [{http: a}]}", "a path begins with /");
  has("checks: {app: [{http: /a, expect: [1]}]}", "takes text, or a map of keys");
  has("checks: {app: [{http: /a, expect: {sttus: 1}}]}", "did you mean \"status\"?");
  has("checks: {app: [{http: /a, expect: {status: x}}]}", "a whole number");
  has("checks: {app: [{http: /a, auth: literal}]}", "no secret stands here literally");
  has("checks: {app: [{http: /a, auth: $tokne}]}", "no secret is named \"tokne\"; did you mean \"token\"?");
  has("checks: {app: [{http: /a, body: $none}]}", "no secret is named \"none\"");
  has("checks: {app: [{sql: x, on: ap}]}", "no source is named \"ap\"; did you mean \"app\"?");
  has("checks: {app: [{sql: x}]}", "\"on\" is missing");
}

TEST(Environments, hold_a_place_and_variables_without_secrets) {
  const Config config =
      read("environments: {live: {type: directory, production: true, env: {A: 1, B: $token, C: ''}}}").value();
  EXPECT_EQ(config.environments.at("live").options,
            (KindOptions{{"production", {"true"}}, {"env", {"A", "1", "B", "$token", "C", ""}}}));
  EXPECT_NE(problem("environments: {live: {type: directory, env: {DB_PASSWORD: x}}}").find("holds a secret"),
            std::string::npos);
  EXPECT_NE(
      problem("environments: {live: {type: directory, env: {DSN: \"postgres://u:pw@h/d\"}}}").find("holds a secret"),
      std::string::npos);
  EXPECT_EQ(problem("environments: {live: {type: directory, env: {DSN: \"postgres://u:pw@h/d\"}}}").find("pw@"),
            std::string::npos);
  EXPECT_NE(problem("environments: {live: {type: directory, env: {A: [x]}}}").find("takes text"), std::string::npos);
}

TEST(Policies, name_the_checks_of_a_proof_and_their_rpo) {
  const Config config =
      read(
          "checks: {a: [{http: /a}], b: [{http: /b}]}\n"
          "policies: {gold: {rpo: 15m, verify: [{checks: [a]}, {checks: [a, b]}]}, silver: {extends: gold}}\n"
          "sets: {web: {members: [app], policy: silver}}\n")
          .value();
  EXPECT_EQ(config.sets.at("web").policy.checks, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.sets.at("web").policy.rpo, std::chrono::minutes(15));
  EXPECT_NE(problem("policies: {gold: {verify: [{checks: [none]}]}}").find("no check is named \"none\""),
            std::string::npos);
}

}  // namespace
}  // namespace hf::config
