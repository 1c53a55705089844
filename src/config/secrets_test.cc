#include "config/secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "support/sim_clock.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"
#include "sys/process.h"

namespace hf::config {
namespace {

using From = SecretReference::From;

// Says what it was told to, and remembers what it was asked.
class ScriptedProcess final : public Process {
 public:
  Result<ProcessEnd> run(const ProcessSpec& spec, const std::function<Status(BytesView)>& on_stdout,
                         const Deadline& deadline, std::stop_token) override {
    asked = spec;
    budget = deadline.left();
    for (const std::string& part : output) HF_TRY(on_stdout(as_bytes(part)));
    return ProcessEnd{.status = status, .stderr_text = "a word of the server"};
  }
  ProcessSpec asked;
  Duration budget{};
  std::vector<std::string> output;
  int status = 0;
};

class Secrets : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) {
    std::ofstream(directory / name) << text;
    chmod((directory / name).c_str(), mode);
    return directory / name;
  }
  Result<Passphrase> get(From from, std::vector<std::string> words) {
    const SecretWorld world{*fs, process, clock, [this](std::string_view name) -> std::optional<std::string> {
                              const auto found = env.find(std::string(name));
                              return found == env.end() ? std::nullopt : std::optional(found->second);
                            }};
    return resolve({"db", from, std::move(words)}, world);
  }
  static std::string text(const Result<Passphrase>& secret) {
    if (!secret.ok()) return "error: " + secret.error().message();
    const auto bytes = secret.value().reveal(Purpose::DeriveKey);
    return {bytes.begin(), bytes.end()};
  }

  TempDirectory directory;
  std::unique_ptr<Fs> fs = make_posix_fs();
  ScriptedProcess process;
  SimClock clock;
  std::map<std::string, std::string> env;
};

TEST_F(Secrets, one_trailing_newline_is_not_part_of_a_secret) {
  EXPECT_EQ(text(get(From::File, {file("a", "pass word\n")})), "pass word");
  EXPECT_EQ(text(get(From::File, {file("b", "pass\n\n")})), "pass\n");
  EXPECT_EQ(text(get(From::File, {file("c", "pass")})), "pass");
  env["V"] = "pass\n";
  EXPECT_EQ(text(get(From::Env, {"V"})), "pass");
  process.output = {"pa", "ss\n"};
  EXPECT_EQ(text(get(From::Exec, {"tool"})), "pass");
}

TEST_F(Secrets, a_file_open_to_others_is_refused_with_the_command_that_mends_it) {
  for (const mode_t mode : {0640, 0604, 0660, 0602}) {
    const std::string path = file("p", "hunter2", mode);
    const Result<Passphrase> secret = get(From::File, {path});
    ASSERT_FALSE(secret.ok()) << mode;
    EXPECT_EQ(secret.error().code(), Code::Refused);
    EXPECT_EQ(secret.error().message(), "secret db: " + path + " is open to other users");
    EXPECT_EQ(secret.error().hint(), "chmod 600 " + path);
    EXPECT_EQ(read_secret_file(*fs, path).error().code(), Code::Refused);
  }
}

TEST_F(Secrets, behind_a_link_the_mode_of_the_file_counts) {
  file("open", "hunter2", 0644);
  file("closed", "pass", 0400);
  ASSERT_EQ(symlink("open", (directory / "to-open").c_str()), 0);
  ASSERT_EQ(symlink((directory / "closed").c_str(), (directory / "to-closed").c_str()), 0);
  ASSERT_EQ(symlink("loop", (directory / "loop").c_str()), 0);
  EXPECT_EQ(get(From::File, {directory / "to-open"}).error().code(), Code::Refused);
  EXPECT_EQ(text(get(From::File, {directory / "to-closed"})), "pass");
  EXPECT_EQ(get(From::File, {directory / "loop"}).error().code(), Code::Denied);
}

TEST_F(Secrets, missing_and_empty_secrets_are_told_apart_from_wrong_ones) {
  EXPECT_EQ(get(From::File, {directory / "gone"}).error().code(), Code::KeyMissing);
  EXPECT_EQ(get(From::File, {file("e", "\n")}).error().code(), Code::KeyMissing);
  EXPECT_EQ(text(get(From::Env, {"V"})), "error: secret db: the environment has no variable V");
  env["V"] = "";
  EXPECT_EQ(get(From::Env, {"V"}).error().code(), Code::KeyMissing);
  EXPECT_EQ(get(From::File, {file("big", std::string((64 << 10) + 1, 'x'))}).error().code(), Code::Invalid);
  EXPECT_EQ(text(get(From::File, {file("full", std::string(64 << 10, 'x'))})).size(), 64u << 10);
  EXPECT_EQ(get(From::File, {directory.path()}).error().code(), Code::Invalid);
}

TEST_F(Secrets, credentials_come_from_the_directory_that_systemd_names) {
  EXPECT_EQ(get(From::Credential, {"pass"}).error().code(), Code::KeyMissing);
  env["CREDENTIALS_DIRECTORY"] = directory.path();
  file("pass", "word\n", 0440);
  EXPECT_EQ(text(get(From::Credential, {"pass"})), "word");
  EXPECT_EQ(get(From::Credential, {"gone"}).error().code(), Code::KeyMissing);
  EXPECT_EQ(get(From::Credential, {"../pass"}).error().code(), Code::Invalid);
}

TEST_F(Secrets, a_program_gets_its_arguments_half_a_minute_and_little_else) {
  env = {{"PATH", "/opt/bin"}, {"HOME", "/root"}, {"AWS_SECRET_ACCESS_KEY", "hunter2"}};
  process.output = {"x"};
  ASSERT_TRUE(get(From::Exec, {"vault", "read", "a b"}).ok());
  EXPECT_EQ(process.asked.argv, (std::vector<std::string>{"vault", "read", "a b"}));
  EXPECT_EQ(process.asked.environment, (std::map<std::string, std::string>{{"PATH", "/opt/bin"}, {"HOME", "/root"}}));
  EXPECT_EQ(process.budget, std::chrono::seconds(30));
}

TEST_F(Secrets, a_program_that_fails_gives_no_secret_and_no_word_of_its_output) {
  process.output = {"hunter2"};
  process.status = 3;
  const Result<Passphrase> secret = get(From::Exec, {"vault"});
  EXPECT_EQ(text(secret), "error: secret db: vault ended with status 3");
  EXPECT_EQ(secret.error().detail(), "a word of the server");
  process.status = 0;
  process.output = {std::string(60 << 10, 'x'), std::string(60 << 10, 'x')};
  EXPECT_EQ(get(From::Exec, {"vault"}).error().code(), Code::Invalid);
}

}  // namespace
}  // namespace hf::config
