#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "app/help.h"

namespace hf {
namespace {

// The page is what people read; the table of verbs is what the program does.
TEST(Manual, docs_cli_md_is_what_the_program_prints) {
  std::ifstream file(HF_CLI_PAGE, std::ios::binary);
  std::ostringstream page;
  page << file.rdbuf();
  ASSERT_FALSE(page.str().empty()) << HF_CLI_PAGE;
  EXPECT_TRUE(page.str() == manual_markdown()) << "write it anew: holdfast man --markdown > docs/CLI.md";
}

TEST(Manual, every_flag_and_argument_is_explained_in_a_line_of_its_own) {
  for (const Verb& verb : verbs()) {
    if (verb.hidden) continue;
    EXPECT_FALSE(verb.summary.ends_with('.')) << verb.name;
    EXPECT_TRUE(verb.description.ends_with('.')) << verb.name;
    for (const OptionSpec& option : verb.options) {
      EXPECT_GT(option.help.size(), 8u) << verb.name << " --" << option.name;
      EXPECT_LT(option.help.size(), 100u) << verb.name << " --" << option.name;
      EXPECT_FALSE(option.help.ends_with('.')) << verb.name << " --" << option.name;
    }
    for (const ArgumentSpec& argument : verb.arguments) EXPECT_FALSE(argument.help.empty()) << verb.name;
  }
}

}  // namespace
}  // namespace hf
