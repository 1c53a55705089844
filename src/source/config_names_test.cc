// The config source: which names it captures, that a change shows, and that no value is anywhere in what it gives.
#include "source/config_names.h"

#include "source/json_names.h"
#include "source/key_names.h"
#include "source/source_test_world.h"

namespace hf {
namespace {

class ConfigSourceTest : public SourceTest {
 protected:
  SourceOptions env(const std::string& text) {
    write(".env", text);
    return {{"env_file", {data(".env")}}};
  }
  static bool holds(const RecordingSink& sink, const std::string& secret) {
    for (const RecordedEntry& entry : sink.entries)
      if (entry.entry.path.find(secret) != std::string::npos ||
          as_text(entry.content).find(secret) != std::string_view::npos)
        return true;
    for (const auto& [path, what] : sink.problems)
      if ((path + what).find(secret) != std::string::npos) return true;
    return false;
  }
  const SourceKind kind = config_source_kind();
};

TEST_F(ConfigSourceTest, each_name_is_a_file_with_a_fingerprint_and_no_value) {
  const RecordingSink sink = backup(kind, env("A=canary-one\nexport B='canary-one'\nEMPTY=\n"));
  EXPECT_EQ(sink.paths(),
            (std::vector<std::string>{"", "env", "env/.env", "env/.env/A", "env/.env/B", "env/.env/EMPTY"}));
  EXPECT_TRUE(sink.text("env/.env/A").starts_with("fingerprint "));
  EXPECT_NE(sink.text("env/.env/A"), sink.text("env/.env/B")) << "equal values look equal";
  EXPECT_EQ(sink.text("env/.env/EMPTY"), "empty\n");
  EXPECT_FALSE(holds(sink, "canary"));
}

TEST_F(ConfigSourceTest, a_change_shows_in_its_name_alone) {
  const RecordingSink first = backup(kind, env("A=1\nB=2\n"));
  const RecordingSink same = backup(kind, env("# moved\nB=2\nA=1\n"), &first);
  EXPECT_EQ(same.text("env/.env/A"), first.text("env/.env/A"));
  const RecordingSink changed = backup(kind, env("A=1\nB=3\n"), &same);
  EXPECT_EQ(changed.text("env/.env/A"), first.text("env/.env/A"));
  EXPECT_NE(changed.text("env/.env/B"), first.text("env/.env/B"));
}

TEST_F(ConfigSourceTest, of_a_name_given_twice_the_last_value_counts) {
  const RecordingSink last = backup(kind, env("A=2\n"));
  EXPECT_EQ(backup(kind, env("A=1\nA=2\n")).text("env/.env/A"), last.text("env/.env/A"));
}

TEST_F(ConfigSourceTest, flags_are_json_or_lines_and_secrets_are_names) {
  write("flags.json", R"({"new_ui": true, "limits": {"rate": "canary-rate", "hosts": ["a", "b"]}, "none": null})");
  SourceOptions options{{"flags", {"cat", data("flags.json")}}, {"names_from", {"printf", "prod/db\\nprod/mail\\n"}}};
  const RecordingSink sink = backup(kind, options);
  EXPECT_EQ(sink.paths(),
            (std::vector<std::string>{"", "flags", "flags/limits.hosts.0", "flags/limits.hosts.1", "flags/limits.rate",
                                      "flags/new_ui", "flags/none", "names", "names/prod%2Fdb", "names/prod%2Fmail"}));
  EXPECT_EQ(sink.text("names/prod%2Fdb"), "present\n");
  EXPECT_FALSE(holds(sink, "canary"));
  const RecordingSink lines = backup(kind, {{"flags", {"printf", "A=1\\nB=2\\n"}}});
  EXPECT_EQ(lines.paths(), (std::vector<std::string>{"", "flags", "flags/A", "flags/B"}));
}

TEST_F(ConfigSourceTest, what_is_wrong_is_an_error_that_repeats_nothing) {
  const auto fault = [&](const SourceOptions& options) {
    RecordingSink sink;
    const Status status = run(kind, options, sink);
    return status.ok() ? "none" : status.error().message() + status.error().detail();
  };
  EXPECT_EQ(fault({{"names_from", {"printf", "a\\nNAME=canary\\n"}}}),
            "line 2 of what printf writes is more than a name");
  EXPECT_EQ(fault({{"flags", {"printf", "{\"a\": canary}"}}}),
            "read what printf writes: it is not JSON, or nested too deep");
  EXPECT_EQ(fault({{"flags", {"printf", "canary"}}}), "read what printf writes: line 1: not NAME=value");
  EXPECT_NE(fault({{"flags", {"false"}}}).find("exited with status 1"), std::string::npos);
  EXPECT_NE(fault({{"env_file", {data("none")}}}), "none");
  EXPECT_NE(fault(env("A=1\ncanary\n")).find("line 2"), std::string::npos);
  RecordingSink sink;
  EXPECT_EQ(run(kind, {}, sink).error().code(), Code::Invalid);
}

TEST_F(ConfigSourceTest, names_of_two_files_are_kept_apart) {
  write("a/.env", "A=1\n");
  write("b/.env", "A=2\n");
  const RecordingSink sink = backup(kind, {{"env_file", {data("a/.env"), data("b/.env")}}});
  EXPECT_NE(sink.find("env/.env/A"), nullptr);
  EXPECT_NE(sink.find("env/.env-2/A"), nullptr);
}

TEST_F(ConfigSourceTest, a_name_that_cannot_be_a_file_is_a_problem) {
  const RecordingSink sink = backup(kind, {{"flags", {"printf", "{\"" + std::string(300, 'x') + "\": 1, \"..\": 2}"}}});
  EXPECT_EQ(sink.problems.size(), 1u);
  EXPECT_NE(sink.find("flags/%2E%2E"), nullptr);
}

TEST(NamedValues, are_read_back) {
  EXPECT_EQ(read_named_value("names/prod%2Fdb", "present\n")->name, "prod/db");
  EXPECT_TRUE(read_named_value("env/.env/A", "empty\n")->is_empty);
  EXPECT_FALSE(read_named_value("env/.env/A", "fingerprint 00\n")->is_empty);
  EXPECT_FALSE(read_named_value("other/A", "present\n").has_value());
  EXPECT_FALSE(read_named_value("env/.env/A", "something").has_value());
}

class KeysSourceTest : public SourceTest {};

TEST_F(KeysSourceTest, tells_what_is_known_of_keys) {
  RecordingSink sink;
  const WallTime made{std::chrono::hours(24 * 20000)};
  sink.key_facts = {{KeyFact::Role::Opens, "aa11", "passphrase", "main", made, made + std::chrono::hours(24)},
                    {KeyFact::Role::Signs, "bb22", "ed25519", "", made, {}},
                    {KeyFact::Role::Data, "2", "aes-256-gcm", "", made + std::chrono::hours(1), {}}};
  ASSERT_TRUE(run(keys_source_kind(), {}, sink).ok());
  const std::string text = sink.text("keys.json");
  for (const char* part : {"\"rotated\": \"2024-10-04T01:00:00Z\"", "\"id\": \"aa11\"", "\"provider\": \"passphrase\"",
                           "\"expires\": \"2024-10-05T00:00:00Z\"", "\"id\": \"bb22\"", "\"label\": \"main\""})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_FALSE(keys_source_kind().parse("x").ok());
}

}  // namespace
}  // namespace hf
