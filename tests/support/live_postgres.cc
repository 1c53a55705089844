#include "support/live_postgres.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "pg/names.h"
#include "sys/real_world.h"

extern char** environ;

namespace hf {
namespace {

constexpr auto start_max = std::chrono::minutes(2);  // of a machine that does much else

Clock& real_clock() {
  static const std::unique_ptr<Clock> clock = make_real_clock();
  return *clock;
}

// As postgres if we are root, dying with us.
std::vector<std::string> as_server_user(std::vector<std::string> argv) {
  std::vector<std::string> whole{"setpriv", "--pdeathsig=QUIT"};
  if (geteuid() == 0) whole.insert(whole.end(), {"--reuid=postgres", "--regid=postgres", "--init-groups"});
  whole.insert(whole.end(), argv.begin(), argv.end());
  return whole;
}

int start(std::vector<std::string> argv, const std::string& log) {
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int problem = posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(problem, 0) << argv[0];
  return problem == 0 ? pid : -1;
}

int wait_for(int pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

}  // namespace

LivePostgres& LivePostgres::shared() {
  static LivePostgres server;
  return server;
}

std::string LivePostgres::programs() {
  std::vector<std::pair<int, std::string>> found;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql"))
    if (exists(entry.path() / "bin" / "initdb"))
      found.emplace_back(std::stoi(entry.path().filename()), entry.path() / "bin");
  return found.empty() ? "/usr/lib/postgresql/none" : std::max_element(found.begin(), found.end())->second;
}

LivePostgres::LivePostgres() {
  std::string made = (std::filesystem::temp_directory_path() / "hf-pg-XXXXXX").string();
  EXPECT_NE(mkdtemp(made.data()), nullptr);
  directory_ = made;
  if (const passwd* user = getpwnam("postgres"); geteuid() == 0 && user != nullptr) {
    EXPECT_EQ(chown(made.c_str(), user->pw_uid, user->pw_gid), 0);
  }
  const std::string data = made + "/data", log = made + "/log";
  const int made_it = start(as_server_user({programs() + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E",
                                            "UTF8", "--locale=C.UTF-8", "--no-sync"}),
                            log);
  EXPECT_EQ(wait_for(made_it), 0) << "initdb failed, see " << log;
  pid_ = start(as_server_user({programs() + "/postgres", "-D", data, "-k", made, "-p", "5432", "-c",
                               "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c",
                               "max_connections=30", "-c", "max_wal_size=64MB", "-c", "autovacuum=off"}),
               log);
  const Deadline deadline(real_clock(), start_max);
  for (;;) {
    if (PgConnection::open(parse_pg_parameters(dsn("postgres")).value(), deadline, {}).ok()) return;
    if (deadline.passed() || waitpid(pid_, nullptr, WNOHANG) != 0) break;
    real_clock().sleep_until(real_clock().mono() + std::chrono::milliseconds(50), {});
  }
  ADD_FAILURE() << "PostgreSQL did not start";
}

LivePostgres::~LivePostgres() {
  if (pid_ > 0) {
    kill(pid_, SIGQUIT);
    wait_for(pid_);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string LivePostgres::dsn(const std::string& database, const std::string& user) const {
  PgParameters parameters;
  parameters.values = {{"host", directory_.string()}, {"port", "5432"}, {"user", user}, {"dbname", database}};
  return pg_connection_text(parameters);
}

std::unique_ptr<PgConnection> LivePostgres::connect(const std::string& database, const std::string& user) const {
  Result<std::unique_ptr<PgConnection>> connection = PgConnection::open(
      parse_pg_parameters(dsn(database, user)).value(), Deadline(real_clock(), std::chrono::minutes(5)), {});
  if (!connection.ok()) {
    ADD_FAILURE() << connection.error().message() << ": " << connection.error().detail();
    std::abort();
  }
  return std::move(connection).value();
}

void LivePostgres::sql(const std::string& database, const std::vector<std::string>& statements) const {
  const std::unique_ptr<PgConnection> connection = connect(database);
  for (const std::string& statement : statements) {
    const Status status = connection->run(statement);
    EXPECT_TRUE(status.ok()) << statement << ": " << status.error().message() << ": " << status.error().detail();
  }
}

std::string LivePostgres::ask(const std::string& database, const std::string& query) const {
  const Result<PgRows> rows = connect(database)->query(query);
  EXPECT_TRUE(rows.ok()) << query << ": " << rows.error().detail();
  return rows.ok() && rows.value().size() > 0 ? rows.value().text(0, 0) : "";
}

void LivePostgres::fresh(const std::string& database) const {
  sql("postgres",
      {"DROP DATABASE IF EXISTS " + pg_quoted(database) + " WITH (FORCE)", "CREATE DATABASE " + pg_quoted(database)});
}

}  // namespace hf
