#include "pg/named_roles.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

std::set<std::string> roles_of(std::string_view statement) {
  std::set<std::string> roles;
  add_roles_of(statement, roles);
  return roles;
}

using Names = std::set<std::string>;

TEST(NamedRoles, of_owners_grants_default_privileges_and_policies) {
  EXPECT_EQ(roles_of("ALTER TABLE sales.orders OWNER TO app"), Names{"app"});
  EXPECT_EQ(roles_of("ALTER TABLE \"to\".\"x\" OWNER TO \"Odd \"\"Role\""), Names{"Odd \"Role"});
  EXPECT_EQ(roles_of("GRANT SELECT,INSERT ON TABLE public.users TO readers"), Names{"readers"});
  EXPECT_EQ(roles_of("REVOKE ALL ON SCHEMA public FROM old_app"), Names{"old_app"});
  EXPECT_EQ(roles_of("ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA s GRANT SELECT ON TABLES TO readers"),
            (Names{"app", "readers"}));
  EXPECT_EQ(roles_of("CREATE POLICY p ON t TO clerks USING (true)"), Names{"clerks"});
}

TEST(NamedRoles, not_of_what_names_none) {
  EXPECT_EQ(roles_of("GRANT USAGE ON SCHEMA public TO PUBLIC"), Names{});
  EXPECT_EQ(roles_of("ALTER TABLE t OWNER TO CURRENT_USER"), Names{});
  EXPECT_EQ(roles_of("ALTER TABLE a RENAME TO b"), Names{});
  EXPECT_EQ(roles_of("SELECT a FROM users"), Names{});
  EXPECT_EQ(roles_of("CREATE VIEW v AS SELECT owner FROM users"), Names{});
}

TEST(NamedRoles, statements_that_only_give_owners_and_grants) {
  EXPECT_TRUE(is_about_owners("ALTER FUNCTION f(integer) OWNER TO app"));
  EXPECT_TRUE(is_about_owners("REVOKE ALL ON SCHEMA public FROM PUBLIC"));
  EXPECT_FALSE(is_about_owners("CREATE POLICY p ON t TO clerks USING (true)"));
  EXPECT_FALSE(is_about_owners("ALTER TABLE ONLY t ADD CONSTRAINT k PRIMARY KEY (id)"));
  EXPECT_FALSE(is_about_owners("INSERT INTO t VALUES ('GRANT x TO y')"));
}

}  // namespace
}  // namespace hf
