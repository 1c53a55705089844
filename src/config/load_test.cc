#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/test_schemas.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"

namespace hf::config {
namespace {

class Load : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(directory / name).parent_path());
    std::ofstream(directory / name) << text;
  }
  Result<Config> load_main() { return load(*fs, directory / "main.yaml", test_schemas()); }
  // The message, with the directory's path left out.
  std::string problem() {
    const Result<Config> loaded = load_main();
    std::string message = loaded.ok() ? "no problem" : loaded.error().message();
    for (size_t at; (at = message.find(directory.path())) != std::string::npos;)
      message.erase(at, directory.path().size() + 1);
    return message;
  }

  TempDirectory directory;
  std::unique_ptr<Fs> fs = make_posix_fs();
};

TEST_F(Load, included_files_are_found_beside_the_file_and_merged) {
  write("main.yaml", "version: 1\ninclude: [\"customers/*.yaml\", more.yaml]\npolicies: {gold: {keep: {last: 3}}}\n");
  write("customers/a.yaml", "sources: {a: {type: sqlite, path: a}}\npolicies: {own: {extends: gold}}\n");
  write("customers/b.yaml", "sources: {b: {type: sqlite, path: b}}\n");
  write("customers/.b.yaml", "not: read\n");
  write("customers/c.txt", "not: read\n");
  write("more.yaml", "sets: {all: {members: [a, b], policy: own}}\n");
  const Config config = load_main().value();
  EXPECT_EQ(config.sources.size(), 2u);
  EXPECT_EQ(config.sets.at("all").policy.keep.last, 3u);
  const auto shown = std::ranges::find(config.values, "sources.b.path", &Shown::path);
  ASSERT_NE(shown, config.values.end());
  EXPECT_EQ(shown->origin.file, directory / "customers/b.yaml");
}

TEST_F(Load, a_name_defined_twice_is_a_problem_with_both_places) {
  write("main.yaml", "version: 1\ninclude: [\"*.yaml\"]\nsources:\n  a: {type: sqlite, path: a}\n");
  write("other.yaml", "sources: {a: {type: sqlite, path: b}}\n");
  EXPECT_EQ(problem(),
            "other.yaml:1:11: duplicate name \"a\": first at main.yaml:4:3\n"
            " 1 | sources: {a: {type: sqlite, path: b}}\n   |           ^");
}

TEST_F(Load, problems_of_included_files_name_them) {
  write("main.yaml", "version: 1\ninclude: [other.yaml]\n");
  write("other.yaml", "sets: {a: {members: [x]}}\ninstance: b\nplans: {}\n");
  const std::string message = problem();
  EXPECT_NE(message.find("other.yaml:1:22: no source is named \"x\""), std::string::npos) << message;
  EXPECT_NE(message.find("other.yaml:2:1: \"instance\" stands in the main file only"), std::string::npos);
  EXPECT_NE(message.find("other.yaml:3:1: unknown key \"plans\""), std::string::npos);
  write("other.yaml", "- a\n");
  EXPECT_NE(problem().find("other.yaml:1:1: the file takes a map of keys"), std::string::npos);
  write("other.yaml", "sets: [\n");
  EXPECT_NE(problem().find("other.yaml:2:1: not YAML"), std::string::npos);
}

TEST_F(Load, a_file_that_is_not_there_is_a_problem_but_an_empty_match_is_none) {
  write("main.yaml", "version: 1\ninclude: [\"*.yml\"]\n");
  EXPECT_EQ(problem(), "no problem");
  write("main.yaml", "version: 1\ninclude: [gone.yaml]\n");
  EXPECT_NE(problem().find("main.yaml:2:11: cannot be included: "), std::string::npos) << problem();
  write("main.yaml", "version: 1\ninclude: [\"*/a.yaml\"]\n");
  EXPECT_NE(problem().find("* and ? match only in the last part"), std::string::npos);
}

TEST_F(Load, without_a_file_the_error_says_how_to_get_one) {
  const Result<Config> loaded = load_main();
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code(), Code::NotFound);
  EXPECT_EQ(loaded.error().hint(), "`holdfast config init` writes one");
}

}  // namespace
}  // namespace hf::config
