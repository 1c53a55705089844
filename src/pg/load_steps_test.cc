#include "pg/load_steps.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

class TakeKeys : public testing::Test {
 protected:
  void step(const std::string& type, const std::string& name, const std::string& text) {
    ASSERT_TRUE(steps_.statement({.type = type, .schema = "public", .name = name}, text).ok());
  }
  void take(const std::vector<const PgTocTable*>& tables) { keys_ = steps_.take_keys(tables); }
  std::vector<std::string> names(const PgTocTable& table) const {
    std::vector<std::string> names;
    if (const auto keys = keys_.find(&table); keys != keys_.end())
      for (const PgSteps::Step& key : keys->second) names.push_back(key.entry.name);
    return names;
  }
  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const PgSteps::Step& step : steps_.steps()) names.push_back(step.entry.type + " " + step.entry.name);
    return names;
  }

  using Names = std::vector<std::string>;
  const PgTocTable users_{.schema = "public", .name = "users", .file = {}, .columns = {}, .digest = {}};
  const PgTocTable odd_{.schema = "Shop", .name = "on only", .file = {}, .columns = {}, .digest = {}};
  PgSteps steps_;
  std::map<const PgTocTable*, std::vector<PgSteps::Step>> keys_;
};

TEST_F(TakeKeys, keys_go_with_their_tables) {
  step("CONSTRAINT", "users pk", "ALTER TABLE ONLY public.users\n    ADD CONSTRAINT users_pk PRIMARY KEY (id)");
  step("CONSTRAINT", "odd pk", "ALTER TABLE ONLY \"Shop\".\"on only\"\n    ADD CONSTRAINT odd PRIMARY KEY (id)");
  step("INDEX", "by_name", "CREATE INDEX by_name ON public.users USING btree (name)");
  step("INDEX", "on", "CREATE UNIQUE INDEX \"on\" ON \"Shop\".\"on only\" USING btree (\"on\")");
  take({&users_, &odd_});
  EXPECT_EQ(names(users_), (Names{"users pk", "by_name"}));
  EXPECT_EQ(names(odd_), (Names{"odd pk", "on"}));
  EXPECT_TRUE(left().empty());
}

TEST_F(TakeKeys, all_statements_of_a_key_stay_together) {
  step("INDEX", "by_name", "CREATE INDEX by_name ON public.users USING btree (name)");
  step("INDEX", "by_name", "ALTER TABLE public.users CLUSTER ON by_name");
  take({&users_});
  ASSERT_EQ(names(users_), Names{"by_name"});
  EXPECT_EQ(keys_.at(&users_).front().statements.size(), 2u);
}

TEST_F(TakeKeys, keys_of_other_tables_stay) {
  step("INDEX", "parent", "CREATE INDEX parent ON ONLY public.measured USING btree (at)");
  step("INDEX", "of_another_schema", "CREATE INDEX of_another_schema ON audit.users USING btree (at)");
  step("COMMENT", "INDEX parent", "COMMENT ON INDEX public.parent IS 'x'");
  step("INDEX", "by_name", "CREATE INDEX by_name ON public.users USING btree (name)");
  take({&users_});
  EXPECT_EQ(names(users_), Names{"by_name"});
  EXPECT_EQ(left(), (Names{"INDEX parent", "INDEX of_another_schema", "COMMENT INDEX parent"}));
}

TEST_F(TakeKeys, what_stands_behind_something_else_may_need_it) {
  step("INDEX", "by_name", "CREATE INDEX by_name ON public.users USING btree (name)");
  step("RULE", "users_rule", "CREATE RULE users_rule AS ON DELETE TO public.users DO INSTEAD NOTHING");
  step("INDEX", "later", "CREATE INDEX later ON public.users USING btree (id)");
  step("FK CONSTRAINT", "fk", "ALTER TABLE ONLY public.users ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES public.b(a)");
  take({&users_});
  EXPECT_EQ(names(users_), Names{"by_name"});
  EXPECT_EQ(left(), (Names{"RULE users_rule", "INDEX later", "FK CONSTRAINT fk"}));
}

}  // namespace
}  // namespace hf
