#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "base/task_group.h"
#include "support/temp_directory.h"
#include "sys/capped_text.h"
#include "sys/posix_fs.h"
#include "sys/process.h"
#include "sys/real_world.h"

namespace hf {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PosixProcess : public testing::Test {
 protected:
  std::unique_ptr<Clock> clock = make_real_clock();
  std::unique_ptr<Process> process = make_posix_process(*clock);
  std::string out;

  Result<ProcessEnd> run(ProcessSpec spec, Duration budget = seconds(20), std::stop_token stop = {}) {
    const auto collect = [&](BytesView bytes) -> Status {
      out += as_text(bytes);
      return {};
    };
    return process->run(spec, collect, Deadline(*clock, budget), stop);
  }
  static ProcessSpec shell(const std::string& script) {
    return {.argv = {"sh", "-c", script}, .environment = {{"PATH", "/usr/bin:/bin"}}, .directory = ""};
  }
  // Waits until a process has gone that has no parent to reap it but the system.
  bool is_gone(pid_t pid) {
    const Deadline patience(*clock, seconds(3));
    while (kill(pid, 0) == 0 && !patience.passed()) {
      // In a container nobody may reap it: a zombie counts as gone.
      auto status = read_whole_file(*make_posix_fs(), "/proc/" + std::to_string(pid) + "/stat", 4096);
      if (!status.ok() || as_text(status.value()).find(") Z ") != std::string::npos) return true;
      clock->sleep_until(clock->mono() + milliseconds(20), {});
    }
    return kill(pid, 0) != 0;
  }
};

TEST_F(PosixProcess, the_end_is_an_exit_status_or_128_plus_the_signal) {
  EXPECT_EQ(run(shell("exit 0")).value().status, 0);
  EXPECT_EQ(run(shell("exit 7")).value().status, 7);
  EXPECT_EQ(run(shell("kill -9 $$")).value().status, 128 + SIGKILL);
}

TEST_F(PosixProcess, output_comes_whole_and_errors_apart) {
  const ProcessEnd end = run(shell("echo out; echo err >&2; head -c 3000000 /dev/zero; echo last")).value();
  EXPECT_EQ(out.size(), 3000000u + 9);
  EXPECT_TRUE(out.starts_with("out\n"));
  EXPECT_TRUE(out.ends_with("last\n"));
  EXPECT_EQ(end.stderr_text, "err\n");
}

TEST_F(PosixProcess, a_writer_left_behind_is_waited_for) {
  EXPECT_EQ(run(shell("(sleep 0.3; echo late) & exit 0")).value().status, 0);
  EXPECT_EQ(out, "late\n");
}

TEST_F(PosixProcess, the_environment_is_exactly_what_was_given) {
  ASSERT_EQ(setenv("HF_TEST_LEAK", "1", 1), 0);
  ASSERT_TRUE(run({.argv = {"/usr/bin/env"}, .environment = {{"A", "1"}, {"B", "x=y z"}}, .directory = ""}).ok());
  EXPECT_EQ(out, "A=1\nB=x=y z\n");
}

TEST_F(PosixProcess, it_runs_where_it_was_told_to_with_arguments_untouched) {
  TempDirectory temp;
  ProcessSpec spec = shell("pwd; printf '%s|' \"$@\"");
  spec.argv.insert(spec.argv.end(), {"name", "a b", "$HOME;", ""});
  spec.directory = temp.path();
  ASSERT_TRUE(run(spec).ok());
  EXPECT_EQ(out, temp.path() + "\na b|$HOME;||");
}

TEST_F(PosixProcess, no_descriptor_of_ours_is_open_in_the_child) {
  const int leak = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ASSERT_GE(leak, 3);
  ASSERT_EQ(run({.argv = {"/bin/ls", "/proc/self/fd"}, .environment = {}, .directory = ""}).value().status, 0);
  close(leak);
  EXPECT_EQ(out, "0\n1\n2\n3\n") << "3 is the directory that ls reads";
}

TEST_F(PosixProcess, a_child_reads_nothing) {
  ASSERT_EQ(run(shell("cat; readlink /proc/$$/fd/0")).value().status, 0);
  EXPECT_EQ(out, "/dev/null\n");
}

TEST_F(PosixProcess, a_missing_program_is_not_found) {
  EXPECT_EQ(run({.argv = {"/no/such/program"}, .environment = {}, .directory = ""}).error().code(), Code::NotFound);
  EXPECT_EQ(run({.argv = {"no-such-program"}, .environment = {{"PATH", "/bin"}}, .directory = ""}).error().code(),
            Code::NotFound);
  EXPECT_EQ(run({.argv = {"sh"}, .environment = {{"PATH", ":"}}, .directory = "/bin"}).error().code(), Code::NotFound);
  EXPECT_EQ(run({.argv = {}, .environment = {}, .directory = ""}).error().code(), Code::Invalid);
}

TEST_F(PosixProcess, at_its_deadline_the_whole_group_is_killed) {
  const MonoTime begin = clock->mono();
  const auto end = run(shell("echo waiting >&2; sleep 100 & echo $!; sleep 100"), milliseconds(500));
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code(), Code::Timeout);
  EXPECT_EQ(end.error().detail(), "waiting\n");
  EXPECT_LT(clock->mono() - begin, seconds(4));
  EXPECT_TRUE(is_gone(std::stoi(out)));
}

TEST_F(PosixProcess, who_ignores_term_is_killed_five_seconds_later) {
  const MonoTime begin = clock->mono();
  const auto end =
      run(shell("trap '' TERM; (trap '' TERM; sleep 100) & echo $!; while :; do sleep 0.1; done"), milliseconds(300));
  EXPECT_EQ(end.error().code(), Code::Timeout);
  EXPECT_GT(clock->mono() - begin, seconds(5));
  EXPECT_LT(clock->mono() - begin, seconds(8));
  EXPECT_TRUE(is_gone(std::stoi(out)));
}

TEST_F(PosixProcess, a_request_to_stop_is_seen_soon) {
  std::stop_source stop;
  TaskGroup group;
  const MonoTime begin = clock->mono();
  group.start("stopper", [&](std::stop_token token) -> Status {
    clock->sleep_until(clock->mono() + milliseconds(200), token);
    stop.request_stop();
    return {};
  });
  EXPECT_EQ(run(shell("sleep 100"), seconds(20), stop.get_token()).error().code(), Code::Cancelled);
  EXPECT_LT(clock->mono() - begin, seconds(3));
  ASSERT_TRUE(group.join().ok());
}

TEST_F(PosixProcess, an_error_of_the_reader_ends_the_child_and_is_returned) {
  const auto refuse = [](BytesView) -> Status { return Error(Code::Corrupt, "not a dump"); };
  const MonoTime begin = clock->mono();
  const auto end = process->run(shell("while :; do echo x; done"), refuse, Deadline(*clock, seconds(20)), {});
  EXPECT_EQ(end.error().code(), Code::Corrupt);
  EXPECT_LT(clock->mono() - begin, seconds(3));
}

TEST_F(PosixProcess, of_too_many_errors_the_middle_is_dropped) {
  ProcessSpec spec = shell("echo first >&2; head -c 1000000 /dev/zero | tr '\\0' x >&2; echo last >&2");
  spec.stderr_bytes_max = 1000;
  const std::string text = run(spec).value().stderr_text;
  EXPECT_TRUE(text.starts_with("first\nxxx"));
  EXPECT_TRUE(text.ends_with("xxx\nlast\n") || text.ends_with("xlast\n"));
  EXPECT_NE(text.find("[999011 bytes dropped]"), std::string::npos) << text;
  EXPECT_LT(text.size(), 1100u);
}

TEST(CappedText, keeps_all_that_fits_however_it_comes) {
  for (const size_t piece : {1u, 3u, 100u}) {
    CappedText text(10);
    const std::string all = "0123456789";
    for (size_t at = 0; at < all.size(); at += piece) text.add(std::string_view(all).substr(at, piece));
    EXPECT_EQ(std::move(text).take(), all);
  }
}

TEST(RealClock, a_sleep_ends_early_when_asked_to) {
  const auto clock = make_real_clock();
  std::stop_source stop;
  EXPECT_TRUE(clock->sleep_until(clock->mono() + milliseconds(10), stop.get_token()));
  stop.request_stop();
  EXPECT_FALSE(clock->sleep_until(clock->mono() + seconds(100), stop.get_token()));
}

}  // namespace
}  // namespace hf
