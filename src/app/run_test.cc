#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/app_test_world.h"
#include "app/help.h"

namespace hf {
namespace {

using Words = std::vector<std::string>;

Words words_of(const Verb& verb) {
  const std::string name(verb.name);
  const size_t space = name.find(' ');
  return space == name.npos ? Words{name} : Words{name.substr(0, space), name.substr(space + 1)};
}

// The nearest name to a flag with its last letter lost is the flag itself.
TEST(Run, every_verb_refuses_an_unknown_flag_and_names_the_nearest) {
  for (const Verb& verb : verbs()) {
    TestProgram program;
    Words words = words_of(verb);
    words.push_back("--passphrase-fil=x");
    EXPECT_EQ(program.run(words), 2) << verb.name;
    EXPECT_NE(program.terminal.errors.find("did you mean --passphrase-file?"), std::string::npos)
        << verb.name << program.terminal.errors;
    EXPECT_EQ(program.terminal.output, "") << verb.name;
  }
}

TEST(Run, every_help_has_three_examples_of_its_own_verb_that_parse) {
  for (const Verb& verb : verbs()) {
    TestProgram program;
    Words words = words_of(verb);
    words.push_back("--help");
    EXPECT_EQ(program.run(words), 0) << verb.name;
    for (const std::string_view example : verb.examples) {
      EXPECT_TRUE(program.terminal.output.find(example) != std::string::npos) << verb.name;
      const bool is_version_flag = example == "holdfast --version";
      EXPECT_TRUE(is_version_flag || example.starts_with("holdfast " + std::string(verb.name))) << example;
    }
    for (const OptionSpec& option : verb.options)
      EXPECT_NE(program.terminal.output.find("--" + std::string(option.name)), std::string::npos)
          << verb.name << " " << option.name;
  }
}

TEST(Run, an_unknown_verb_gets_the_nearest_as_hint) {
  TestProgram program;
  EXPECT_EQ(program.run({"bakup"}), 2);
  EXPECT_NE(program.terminal.errors.find("did you mean backup?"), std::string::npos) << program.terminal.errors;
  EXPECT_EQ(program.run({"key", "rotat"}), 2);
  EXPECT_NE(program.terminal.errors.find("did you mean key rotate?"), std::string::npos) << program.terminal.errors;
}

TEST(Run, flags_may_stand_before_the_verb) {
  TestProgram program;
  EXPECT_EQ(program.run({"-o", "json", "version"}), 0);
  EXPECT_EQ(nlohmann::json::parse(program.terminal.output)["version"], program_version());
}

TEST(Run, an_error_is_one_json_document_with_code_class_message_and_hint) {
  TestProgram program;
  EXPECT_EQ(program.run({"list", "--repo", program.directory / "nowhere", "-o", "json"}), 10);
  const auto document = nlohmann::json::parse(program.terminal.output);
  EXPECT_EQ(document["schema"], "holdfast/v1");
  EXPECT_EQ(document["code"], 10);
  EXPECT_EQ(document["class"], "not_found");
  EXPECT_NE(document["message"], "");
  EXPECT_NE(document["hint"], "");
  EXPECT_TRUE(program.terminal.output.starts_with("{\"schema\":\"holdfast/v1\""));
}

TEST(Run, a_parse_error_too_is_told_in_the_format_asked_for) {
  TestProgram program;
  EXPECT_EQ(program.run({"list", "--nonsense", "-ojsonl"}), 2);
  const auto event = nlohmann::json::parse(program.terminal.output);
  EXPECT_EQ(event["event"], "error");
  EXPECT_EQ(event["code"], 2);
}

TEST(Run, an_error_as_text_goes_to_standard_error_with_its_hint) {
  TestProgram program;
  EXPECT_EQ(program.run({"list", "--repo", program.directory / "nowhere"}), 10);
  EXPECT_TRUE(program.terminal.errors.starts_with("holdfast: ")) << program.terminal.errors;
  EXPECT_NE(program.terminal.errors.find("\nhint: "), std::string::npos) << program.terminal.errors;
  EXPECT_EQ(program.terminal.output, "");
}

TEST(Run, output_that_cannot_be_written_is_a_failure) {
  TestProgram program;
  program.terminal.is_full = true;
  EXPECT_EQ(program.run({"version"}), 1);
  EXPECT_NE(program.terminal.errors.find("cannot write"), std::string::npos);
}

TEST(Run, a_repository_of_another_scheme_is_a_usage_error) {
  TestProgram program;
  EXPECT_EQ(program.run({"list", "--repo", "s3://bucket"}), 2);
}

TEST(Run, without_a_key_and_a_person_the_answer_is_that_a_key_is_missing) {
  TestProgram program;
  const std::string repo = program.directory / "repo", key = program.directory / "key";
  ASSERT_TRUE(replace_whole_file(*program.fs, key, as_bytes(std::string(32, 'k')), 0600).ok());
  ASSERT_EQ(program.run({"init", "--repo", repo, "--key-file", key}), 0) << program.terminal.errors;
  EXPECT_EQ(program.run({"list", "--repo", repo}), 12);
  EXPECT_NE(program.terminal.errors.find("no key given"), std::string::npos) << program.terminal.errors;
  EXPECT_EQ(program.run({"list", "--repo", repo, "--key-file", program.directory / "missing"}), 12);
  EXPECT_EQ(program.run({"list", "--repo", repo, "--key-file", key}), 0) << program.terminal.errors;
}

TEST(Run, completion_offers_verbs_flags_and_kinds_of_sources) {
  TestProgram program;
  ASSERT_EQ(program.run({"__complete", "--", "rest"}), 0) << program.terminal.errors;
  EXPECT_TRUE(program.terminal.output.starts_with("restore\t"));
  ASSERT_EQ(program.run({"__complete", "--", "restore", "--over"}), 0);
  EXPECT_TRUE(program.terminal.output.starts_with("--overwrite\t")) << program.terminal.output;
  ASSERT_EQ(program.run({"__complete", "--", "backup", "sq"}), 0);
  EXPECT_TRUE(program.terminal.output.starts_with("sqlite:\t")) << program.terminal.output;
}

TEST(Run, the_manual_is_roff_for_every_verb) {
  for (const Verb& verb : verbs()) {
    const std::string page = manual_roff(verb);
    EXPECT_TRUE(page.starts_with(".TH ")) << verb.name;
    EXPECT_NE(page.find("\n.SH EXAMPLES\n"), std::string::npos) << verb.name;
  }
}

}  // namespace
}  // namespace hf
