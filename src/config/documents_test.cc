#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/table.h"
#include "config/test_schemas.h"

namespace hf::config {
namespace {

TEST(Documents, the_sample_parses_and_shows_every_key) {
  const std::string sample = sample_yaml(test_schemas());
  const Result<Config> config = parse(sample, "sample.yaml", test_schemas());
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config.value().sets.at("main").members, (std::vector<std::string>{"example-files", "example-sqlite"}));
  EXPECT_EQ(config.value().sets.at("main").policy.keep.daily, 30u);
  const Table table(test_schemas());
  for (const KeySpec& row : table.rows()) {
    if (row.path.empty() || has_kinds(row)) continue;
    EXPECT_NE(sample.find(row.doc.substr(0, 40)), std::string::npos) << row.path;
    if (row.path.ends_with('*') || row.path.ends_with('#') || row.path.ends_with(')')) continue;
    EXPECT_NE(sample.find(std::string(key_of(row)) + ":"), std::string::npos) << row.path;
  }
}

TEST(Documents, the_sample_has_no_long_lines) {
  const std::string sample = sample_yaml(test_schemas());
  for (size_t begin = 0, end; (end = sample.find('\n', begin)) != std::string::npos; begin = end + 1)
    EXPECT_LE(end - begin, 102u) << sample.substr(begin, end - begin);
}

// The description of the schema that a path of the table leads to.
std::string description_at(const nlohmann::json& schema, const std::string& path) {
  const nlohmann::json* at = &schema;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.starts_with('#')) {
      at = &at->at("items");
      if (part == "#") continue;
      const std::string keyed = part.substr(2, part.size() - 3);
      for (const nlohmann::json& one : at->at("oneOf"))
        if (one.at("properties").begin().key() == keyed || one.at("required").at(0) == keyed) at = &one;
      continue;
    }
    // What may be a map instead is described in the second of two forms.
    if (at->contains("anyOf")) at = &at->at("anyOf").at(1);
    if (!part.starts_with('*')) {
      if (!at->contains("properties") || !at->at("properties").contains(part)) return "nothing";
      at = &at->at("properties").at(part);
      continue;
    }
    at = &at->at("patternProperties").begin().value();
    if (part == "*") continue;
    const std::string kind = part.substr(2, part.size() - 3);
    for (const nlohmann::json& one : at->at("oneOf"))
      if (one.at("properties").at("type").at("enum").at(0) == kind) at = &one;
  }
  return at->value("description", "nothing");
}

TEST(Documents, the_schema_is_json_and_knows_every_key) {
  const nlohmann::json schema = nlohmann::json::parse(schema_json(test_schemas()));
  const Table table(test_schemas());
  for (const KeySpec& row : table.rows()) EXPECT_EQ(description_at(schema, row.path), row.doc) << row.path;
  EXPECT_EQ(schema.at("additionalProperties"), false);
  EXPECT_EQ(schema.at("required"), nlohmann::json({"version"}));
}

TEST(Documents, the_reference_has_every_key) {
  const std::string page = reference_markdown(test_schemas());
  EXPECT_NE(page.find("| **`sets.NAME.members`** | names from `sources` |"), std::string::npos);
  EXPECT_NE(page.find("### sources.NAME, type `sqlite`\nA SQLite database."), std::string::npos);
  EXPECT_NE(page.find("For locks \\| at most."), std::string::npos) << "a bar would end the cell";
  const Table table(test_schemas());
  for (const KeySpec& row : table.rows()) {
    if (row.path.empty() || row.path.ends_with('*') || row.path.ends_with('#')) continue;
    EXPECT_NE(page.find(row.doc.substr(0, row.doc.find('|'))), std::string::npos) << row.path;
  }
}

}  // namespace
}  // namespace hf::config
