#include "source/command.h"

#include "source/source_test_world.h"

namespace hf {
namespace {

class CommandTest : public SourceTest {
 protected:
  Status shell(const std::string& script, SourceOptions options = {}) {
    options["run"] = {"sh", "-c", script};
    return run(command_source_kind(), options, sink);
  }
  RecordingSink sink;
};

TEST_F(CommandTest, output_becomes_a_file_of_the_given_name) {
  ASSERT_TRUE(shell("printf 'a\\0b'", {{"file_name", {"dump.sql"}}}).ok());
  EXPECT_EQ(sink.text("dump.sql"), std::string("a\0b", 3));
  EXPECT_EQ(sink.find("dump.sql")->hint.kind, CutHint::Kind::Stream);
  EXPECT_EQ(sink.paths(), (std::vector<std::string>{"", "dump.sql"}));
}

TEST_F(CommandTest, output_of_many_blocks_is_whole) {
  ASSERT_TRUE(shell("head -c 3000000 /dev/zero | tr '\\0' x").ok());
  EXPECT_EQ(sink.text("output"), std::string(3'000'000, 'x'));
}

TEST_F(CommandTest, a_failing_command_gives_no_point_and_says_why) {
  const Status status = shell("echo partial; echo 'no such role' >&2; exit 3");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Failed);
  EXPECT_EQ(status.error().message(), "command sh exited with status 3");
  EXPECT_EQ(status.error().detail(), "no such role\n");
  EXPECT_EQ(sink.find("output"), nullptr);
}

TEST_F(CommandTest, a_missing_program_is_named) {
  const Status status = run(command_source_kind(), {{"run", {"/nowhere/pg_dump"}}}, sink);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::NotFound);
  EXPECT_NE(status.error().message().find("pg_dump"), std::string::npos);
}

TEST_F(CommandTest, an_empty_output_is_refused) {
  const Status status = shell("true");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Failed);
  EXPECT_NE(status.error().hint().find("size_min"), std::string::npos);
}

TEST_F(CommandTest, an_output_below_the_floor_is_refused) {
  EXPECT_FALSE(shell("printf 1234", {{"size_min", {"5"}}}).ok());
  RecordingSink fresh;
  EXPECT_TRUE(run(command_source_kind(), {{"run", {"printf", "12345"}}, {"size_min", {"5"}}}, fresh).ok());
}

TEST_F(CommandTest, an_endless_output_is_ended_at_the_ceiling) {
  const Status status = shell("yes", {{"size_max", {"1000000"}}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Failed);
  EXPECT_EQ(sink.find("output"), nullptr);
}

TEST_F(CommandTest, a_command_that_hangs_is_ended_in_time) {
  const MonoTime begin = clock.mono();
  const Status status = shell("echo x; exec sleep 60", {{"timeout", {"200000000"}}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Timeout);
  EXPECT_LT(clock.mono() - begin, std::chrono::seconds(5));
}

TEST_F(CommandTest, its_environment_is_what_was_given_and_a_path) {
  ASSERT_EQ(setenv("HF_TEST_SECRET", "hidden", 1), 0);
  ASSERT_TRUE(shell("env", {{"environment", {"PGUSER=backup", "EMPTY="}}}).ok());
  const std::string text = sink.text("output");
  EXPECT_NE(text.find("PGUSER=backup\n"), std::string::npos);
  EXPECT_NE(text.find("PATH=/"), std::string::npos);
  EXPECT_EQ(text.find("HF_TEST_SECRET"), std::string::npos);
}

TEST_F(CommandTest, options_that_cannot_be_are_invalid) {
  const SourceKind kind = command_source_kind();
  const auto code_with = [&](std::string name, std::string value) {
    const auto source = kind.open(world(), "source", {{"run", {"true"}}, {std::move(name), {std::move(value)}}});
    return source.ok() ? Code::Failed : source.error().code();
  };
  EXPECT_EQ(code_with("file_name", "a/b"), Code::Invalid);
  EXPECT_EQ(code_with("file_name", ".."), Code::Invalid);
  EXPECT_EQ(code_with("environment", "HOME"), Code::Invalid);
  EXPECT_EQ(code_with("size_max", "0"), Code::Invalid);
  EXPECT_EQ(code_with("size_min", "many"), Code::Invalid);
}

TEST_F(CommandTest, a_command_line_is_split_without_a_shell) {
  const SourceKind kind = command_source_kind();
  EXPECT_EQ(kind.parse("printf '%s' \"a b\"").value().at("run"), (std::vector<std::string>{"printf", "%s", "a b"}));
  EXPECT_EQ(kind.parse("pg_dump | gzip").error().code(), Code::Invalid);
}

}  // namespace
}  // namespace hf
