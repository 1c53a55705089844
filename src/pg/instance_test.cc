#include "pg/instance.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "pg/connection.h"
#include "pg/load_rows.h"
#include "sys/posix_fs.h"
#include "sys/real_world.h"

namespace hf {
namespace {

class Instance : public testing::Test {
 protected:
  Instance() {
    std::string made = (std::filesystem::temp_directory_path() / "hf-pg-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) ADD_FAILURE() << "no temporary directory";
    top = made;
    // The server's user must get through.
    std::filesystem::permissions(top, std::filesystem::perms(0755));
  }
  ~Instance() override { std::filesystem::remove_all(top); }

  PgPrograms programs() {
    Result<PgPrograms> found = find_pg_programs(world, {.major = 13, .is_server = true}, {});
    EXPECT_TRUE(found.ok()) << (found.ok() ? "" : found.error().message());
    return found.ok() ? std::move(found).value() : PgPrograms{};
  }
  std::unique_ptr<TemporaryInstance> start() {
    auto instance = TemporaryInstance::start(world, programs(), top.string(), "postgres", {});
    EXPECT_TRUE(instance.ok()) << (instance.ok() ? "" : instance.error().message() + instance.error().detail());
    return instance.ok() ? std::move(instance).value() : nullptr;
  }
  std::string ask(const PgParameters& parameters, const std::string& sql) {
    const Result<std::unique_ptr<PgConnection>> connection = open_loading(world.env, parameters, {});
    if (!connection.ok()) return connection.error().message();
    const Result<PgRows> rows = connection.value()->query(sql);
    return rows.ok() ? rows.value().text(0, 0) : rows.error().message();
  }
  pid_t pid_in(const std::filesystem::path& data) {
    pid_t pid = -1;
    std::ifstream(data / "postmaster.pid") >> pid;
    return pid;
  }

  std::filesystem::path top;
  const std::unique_ptr<Clock> clock = make_real_clock();
  const std::unique_ptr<Entropy> entropy = make_real_entropy();
  Meter meter;
  const std::unique_ptr<Fs> fs = make_posix_fs();
  const std::unique_ptr<Process> process = make_posix_process(*clock);
  const PgWorld world{Env{*clock, *entropy, meter}, *fs, *process};
};

TEST_F(Instance, it_listens_on_its_socket_alone_and_leaves_nothing_behind) {
  {
    const std::unique_ptr<TemporaryInstance> instance = start();
    ASSERT_NE(instance, nullptr);
    const PgParameters parameters = instance->parameters("template1");
    EXPECT_EQ(ask(parameters, "SHOW listen_addresses"), "");
    EXPECT_EQ(ask(parameters, "SHOW archive_mode"), "off");
    EXPECT_EQ(ask(parameters, "SELECT current_user"), "postgres");
    EXPECT_EQ(std::filesystem::status(instance->directory()).permissions(), std::filesystem::perms(0700));
    const pid_t pid = pid_in(instance->directory() + "/data");
    ASSERT_GT(pid, 0);
    const Status stopped = instance->stop();
    EXPECT_TRUE(stopped.ok()) << stopped.error().message();
    EXPECT_NE(kill(pid, 0), 0);
  }
  EXPECT_TRUE(std::filesystem::is_empty(top));
}

TEST_F(Instance, the_destructor_ends_it_as_well) {
  std::string directory;
  pid_t pid = -1;
  {
    const std::unique_ptr<TemporaryInstance> instance = start();
    ASSERT_NE(instance, nullptr);
    pid = pid_in(instance->directory() + "/data");
  }
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_TRUE(std::filesystem::is_empty(top));
}

TEST_F(Instance, what_a_dead_run_left_is_removed_and_what_others_have_is_not) {
  const std::filesystem::path dead = top / "holdfast-postgres-0123456789ab", other = top / "holdfast-postgres-mine",
                              strange = top / "holdfast-postgres-strange";
  for (const auto& directory : {dead, other, strange}) std::filesystem::create_directory(directory);
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  const std::string place = boot + "/" + std::filesystem::read_symlink("/proc/self/ns/pid").string();
  std::ofstream(dead / ".holdfast-owner") << place << "/4194304/1";  // no process has that number
  std::ofstream(dead / "file") << "left";
  std::ofstream(other / ".holdfast-owner") << "another-boot/1/1";
  // A number that is another's by now is not signalled.
  std::filesystem::create_directory(dead / "data");
  std::ofstream(dead / "data" / "postmaster.pid") << getpid() << "\n";
  const std::unique_ptr<TemporaryInstance> instance = start();
  ASSERT_NE(instance, nullptr);
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(other));
  EXPECT_TRUE(std::filesystem::exists(strange));
}

TEST_F(Instance, a_path_too_long_for_a_socket_is_said_to_be) {
  const std::filesystem::path deep = top / std::string(90, 'x');
  std::filesystem::create_directory(deep);
  const auto instance = TemporaryInstance::start(world, programs(), deep.string(), "postgres", {});
  ASSERT_FALSE(instance.ok());
  EXPECT_EQ(instance.error().code(), Code::Invalid);
  EXPECT_NE(instance.error().message().find("too long"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(deep));
}

TEST_F(Instance, a_request_to_stop_ends_the_making_of_it) {
  std::stop_source stop;
  stop.request_stop();
  const auto instance = TemporaryInstance::start(world, programs(), top.string(), "postgres", stop.get_token());
  ASSERT_FALSE(instance.ok());
  EXPECT_EQ(instance.error().code(), Code::Cancelled);
  EXPECT_TRUE(std::filesystem::is_empty(top));
}

TEST_F(Instance, one_that_is_kept_outlives_us_and_is_durable) {
  std::filesystem::path data = top / "kept" / "data";
  {
    auto made =
        KeptInstance::make(world, programs(), {.directory = (top / "kept").string(), .superuser = "postgres"}, {});
    ASSERT_TRUE(made.ok()) << made.error().message() << made.error().detail();
    KeptInstance& instance = *made.value();
    EXPECT_EQ(ask(instance.parameters("template1"), "SHOW fsync"), "off");
    EXPECT_EQ(ask(instance.parameters("template1"), "CREATE TABLE public.t AS SELECT 1"), "");
    const Status kept = instance.keep({});
    ASSERT_TRUE(kept.ok()) << kept.error().message() << kept.error().detail();
    EXPECT_EQ(ask(instance.parameters("template1"), "SHOW fsync"), "on");
  }
  const pid_t pid = pid_in(data);
  ASSERT_GT(pid, 0);
  EXPECT_EQ(kill(pid, 0), 0);
  const Status stopped = run_pg_command(
      world, programs(), {.program = "pg_ctl", .arguments = {"stop", "-D", data.string(), "-m", "immediate", "-w"}},
      std::chrono::minutes(5), {});
  EXPECT_TRUE(stopped.ok());
}

TEST_F(Instance, one_that_is_not_kept_is_gone) {
  {
    auto made =
        KeptInstance::make(world, programs(), {.directory = (top / "kept").string(), .superuser = "postgres"}, {});
    ASSERT_TRUE(made.ok()) << made.error().message() << made.error().detail();
  }
  EXPECT_TRUE(std::filesystem::is_empty(top / "kept"));
  std::ofstream(top / "kept" / "something") << "here";
  auto refused =
      KeptInstance::make(world, programs(), {.directory = (top / "kept").string(), .superuser = "postgres"}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::Refused);
  EXPECT_TRUE(std::filesystem::exists(top / "kept" / "something"));
}

TEST_F(Instance, programs_that_are_not_there_are_asked_for_by_package) {
  const Result<PgPrograms> found = find_pg_programs(world, {.major = 99, .is_server = true}, {});
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().hint().find("postgresql-99"), std::string::npos);
}

}  // namespace
}  // namespace hf
