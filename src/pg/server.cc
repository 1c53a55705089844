#include "pg/server.h"

#include <libpq-fe.h>

#include "sys/entry.h"

namespace hf {
namespace {

constexpr Duration initialization_time_max = std::chrono::minutes(10);
// Recovery after a kill is part of it; a loaded machine takes its time.
constexpr Duration start_time_max = std::chrono::minutes(10);
constexpr Duration stop_time_max = std::chrono::minutes(30);
constexpr Duration run_time_max = std::chrono::hours(24 * 30);
constexpr Duration poll_pause = std::chrono::milliseconds(20);
constexpr size_t socket_bytes_max = 107;  // what the system's address has room for

// As a value in libpq's connection strings.
std::string conninfo_value(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

Status initialize_data(const PgWorld& world, const PgPrograms& programs, const std::string& data,
                       const std::string& superuser, std::stop_token stop) {
  const PgCommand command{.program = "initdb",
                          .arguments = {"--pgdata", data, "--username", superuser, "--encoding", "UTF8", "--locale",
                                        "C.UTF-8", "--auth-local", "trust", "--auth-host", "md5", "--data-checksums",
                                        "--no-sync", "--no-instructions"},
                          .has_network = false};
  return run_pg_command(world, programs, command, initialization_time_max, std::move(stop))
      .during("make a PostgreSQL instance in " + printable(data));
}

std::map<std::string, std::string> loading_settings() {
  return {{"fsync", "off"},
          {"full_page_writes", "off"},
          {"synchronous_commit", "off"},
          {"wal_level", "minimal"},
          {"max_wal_senders", "0"},
          {"archive_mode", "off"},
          {"autovacuum", "off"},
          {"max_wal_size", "4GB"},
          {"checkpoint_timeout", "1h"},
          {"shared_buffers", "256MB"},
          {"maintenance_work_mem", "256MB"},
          {"max_logical_replication_workers", "0"},
          {"shared_preload_libraries", ""}};
}

Result<std::unique_ptr<Server>> Server::start(const PgWorld& world, const PgPrograms& programs, ServerSpec spec,
                                              std::stop_token stop) {
  if ((spec.socket + "/.s.PGSQL.5432").size() > socket_bytes_max)
    return Error(Code::Invalid, "the path of the directory is too long for a socket: " + printable(spec.socket))
        .with_hint("name a directory with a shorter path");
  std::unique_ptr<Server> server(new Server(world, programs, std::move(spec)));
  Server* const self = server.get();
  self->group_.start("postgres", [self](std::stop_token token) -> Status {
    const auto& of = self->spec_;
    PgCommand command{.program = "postgres", .arguments = {"-D", of.data}, .has_network = of.has_network};
    std::map<std::string, std::string> settings = of.settings;
    settings["unix_socket_directories"] = of.socket;
    settings["unix_socket_permissions"] = "0700";
    settings["logging_collector"] = "off";
    settings["log_destination"] = "stderr";
    if (!of.has_network) settings["listen_addresses"] = "";
    for (const auto& [name, value] : settings)
      command.arguments.insert(command.arguments.end(), {"-c", name + "=" + value});
    const Deadline deadline(self->world_.env.clock, run_time_max);
    Result<ProcessEnd> end = self->world_.process.run(
        to_spec(self->programs_, command), [](BytesView) { return Status(); }, deadline, token);
    ProcessEnd how{.status = -1};
    if (end.ok())
      how = end.value();
    else
      how.stderr_text = end.error().message() + " " + end.error().detail();
    self->end_.with([&](auto& kept) { kept = how; });
    return {};
  });
  HF_TRY(
      self->wait_until_ready(std::move(stop)).during("start a PostgreSQL instance in " + printable(self->spec_.data)));
  return server;
}

Status Server::wait_until_ready(std::stop_token stop) {
  const Deadline deadline(world_.env.clock, start_time_max);
  // Whether there is such a user does not matter: the answer is that the server is there.
  const std::string conninfo = "host=" + conninfo_value(spec_.socket) + " port=5432 dbname=template1 user=postgres";
  for (;;) {
    if (const auto end = end_.with([](const auto& kept) { return kept; })) {
      return Error(Code::Failed, "the server ended with status " + std::to_string(end->status))
          .with_detail(end->stderr_text);
    }
    if (PQping(conninfo.c_str()) == PQPING_OK) return {};
    if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
    if (deadline.passed()) return Error(Code::Timeout, "the server does not take connections");
    world_.env.clock.sleep_until(world_.env.clock.mono() + poll_pause, stop);
  }
}

Server::~Server() {
  static_cast<void>(stop(Stop::Immediate).ok());
}

Status Server::stop(Stop how) {
  if (is_stopped_) return {};
  is_stopped_ = true;
  const bool has_ended = end_.with([](const auto& kept) { return kept.has_value(); });
  Status status;
  if (!has_ended) {
    const PgCommand command{
        .program = "pg_ctl",
        .arguments = {"stop", "-D", spec_.data, "-m", how == Stop::Fast ? "fast" : "immediate", "-w", "-t", "1700"}};
    // Not given up when we are asked to stop: stopping it is what we would do then.
    status = run_pg_command(world_, programs_, command, stop_time_max, {})
                 .during("stop the PostgreSQL instance in " + printable(spec_.data));
  }
  if (!status.ok()) group_.request_stop();  // TERM, then KILL
  HF_TRY(group_.join());
  if (!status.ok()) return status;
  const ProcessEnd end = *end_.with([](const auto& kept) { return kept; });
  if (how == Stop::Fast && end.status != 0)
    return Error(Code::Failed, "the PostgreSQL instance in " + printable(spec_.data) + " ended with status " +
                                   std::to_string(end.status))
        .with_detail(end.stderr_text);
  return {};
}

Status start_detached(const PgWorld& world, const PgPrograms& programs, const std::string& data, const std::string& log,
                      std::stop_token stop) {
  const PgCommand command{
      .program = "pg_ctl", .arguments = {"start", "-D", data, "-l", log, "-w", "-t", "590"}, .dies_with_us = false};
  return run_pg_command(world, programs, command, start_time_max, std::move(stop))
      .during("start the PostgreSQL instance in " + printable(data))
      .during("its own log is " + printable(log));
}

Status kill_left_behind(const PgWorld& world, const PgPrograms& programs, const std::string& data) {
  const Result<Bytes> file = read_whole_file(world.fs, data + "/postmaster.pid", 64 << 10);
  if (!file.ok()) return file.error().code() == Code::NotFound ? Status() : Status(file.error().clone());
  const std::string text = to_text(file.value());
  const std::string pid = text.substr(0, text.find('\n'));
  if (pid.empty() || pid.find_first_not_of("0123456789") != pid.npos) return {};
  // A process number may be another's by now. A server works in its data directory.
  const Result<std::unique_ptr<Directory>> process = world.fs.open_directory("/proc/" + pid);
  if (!process.ok()) return {};
  const Result<std::string> works_in = process.value()->read_link("cwd");
  if (!works_in.ok() || works_in.value() != data) return {};
  return run_pg_command(world, programs, {.program = "pg_ctl", .arguments = {"kill", "QUIT", pid}},
                        std::chrono::seconds(30), {});
}

}  // namespace hf
