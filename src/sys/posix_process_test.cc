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

// Input: bytes as a program would give them, in pieces.
class PosixProcessInput : public PosixProcess {
 protected:
  void SetUp() override { signal(SIGPIPE, SIG_IGN); }  // as app/signals.cc does

  static std::function<Status(const ProcessInput&)> pieces(size_t count, std::string piece) {
    return [count, piece](const ProcessInput& give) -> Status {
      for (size_t i = 0; i < count; ++i) HF_TRY(give(as_bytes(piece)));
      return {};
    };
  }
  Result<ProcessEnd> run_with(const std::string& script, std::function<Status(const ProcessInput&)> input,
                              Duration budget = seconds(60), std::stop_token stop = {}) {
    ProcessSpec spec = shell(script);
    spec.input = std::move(input);
    return run(spec, budget, stop);
  }
};

TEST_F(PosixProcessInput, all_of_it_arrives_and_then_it_ends) {
  const ProcessEnd end = run_with("cat", pieces(300, std::string(10'007, 'x') + "\n")).value();
  EXPECT_EQ(end.status, 0);
  EXPECT_TRUE(end.took_input);
  EXPECT_EQ(out.size(), 300u * 10'008);
  out.clear();
  EXPECT_EQ(run_with("cat; echo end", pieces(0, "")).value().status, 0);
  EXPECT_EQ(out, "end\n");
}

TEST_F(PosixProcessInput, what_the_child_writes_is_taken_while_it_is_given) {
  // More comes out than goes in, and both pipes are full for most of the time.
  const ProcessEnd end =
      run_with("while read -r line; do echo \"$line$line$line\"; done", pieces(2000, std::string(1000, 'y') + "\n"))
          .value();
  EXPECT_TRUE(end.took_input);
  EXPECT_EQ(out.size(), 2000u * 3001);
}

TEST_F(PosixProcessInput, a_slow_reader_is_waited_for) {
  const ProcessEnd end = run_with("sleep 0.5; wc -c", pieces(30, std::string(100'000, 'z'))).value();
  EXPECT_TRUE(end.took_input);
  EXPECT_EQ(std::stoul(out), 3'000'000u);
}

TEST_F(PosixProcessInput, a_child_that_stops_reading_ends_as_it_says_and_is_told_apart) {
  const ProcessEnd end =
      run_with("head -c 5; exec 0<&-; sleep 0.2; exit 3", pieces(1000, std::string(10'000, 'a'))).value();
  EXPECT_EQ(end.status, 3);
  EXPECT_FALSE(end.took_input);
  EXPECT_EQ(out, "aaaaa");
}

TEST_F(PosixProcessInput, a_child_that_dies_is_told_apart) {
  const ProcessEnd end = run_with("read -r x; kill -9 $$", pieces(1000, std::string(10'000, 'a') + "\n")).value();
  EXPECT_EQ(end.status, 128 + SIGKILL);
  EXPECT_FALSE(end.took_input);
}

TEST_F(PosixProcessInput, a_dead_child_whose_input_somebody_else_holds_is_not_waited_for) {
  const MonoTime begin = clock->mono();
  const ProcessEnd end =
      run_with("sleep 20 <&0 >/dev/null 2>&1 & exit 4", pieces(1000, std::string(10'000, 'a'))).value();
  EXPECT_EQ(end.status, 4);
  EXPECT_FALSE(end.took_input);
  EXPECT_LT(clock->mono() - begin, seconds(15));
}

TEST_F(PosixProcessInput, an_error_of_the_producer_ends_the_child_and_is_returned) {
  const auto broken = [](const ProcessInput& give) -> Status {
    HF_TRY(give(as_bytes("half of it")));
    return Error(Code::Corrupt, "the other half is lost");
  };
  const auto end = run_with("cat > /dev/null; echo whole", broken);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code(), Code::Corrupt);
}

TEST_F(PosixProcessInput, a_reader_that_never_reads_meets_deadline_and_stop) {
  EXPECT_EQ(run_with("exec sleep 100", pieces(1000, std::string(10'000, 'a')), milliseconds(300)).error().code(),
            Code::Timeout);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      run_with("exec sleep 100", pieces(1000, std::string(10'000, 'a')), seconds(60), stop.get_token()).error().code(),
      Code::Cancelled);
}

TEST_F(PosixProcessInput, an_error_of_the_reader_of_its_output_ends_it_while_it_is_fed) {
  ProcessSpec spec = shell("cat");
  spec.input = pieces(1000, std::string(10'000, 'a'));
  const auto refuse = [](BytesView) -> Status { return Error(Code::Failed, "no space left"); };
  EXPECT_EQ(process->run(spec, refuse, Deadline(*clock, seconds(60)), {}).error().message(), "run sh: no space left");
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
