#include "pg/instance.h"

#include "sys/entry.h"
#include "sys/remove_tree.h"

namespace hf {
namespace {

constexpr std::string_view scratch_prefix = "holdfast-postgres-";
constexpr std::string_view socket_port = "5432";
constexpr std::string_view socket_prefix = ".s.PGSQL.";
constexpr std::array<std::string_view, 3> parts = {"data", "socket", "server.log"};

PgParameters local_parameters(const std::string& socket, const std::string& superuser, const std::string& database,
                              const std::string& port) {
  PgParameters parameters;
  parameters.values = {{"host", socket},     {"port", port},         {"user", superuser},
                       {"dbname", database}, {"sslmode", "disable"}, {"gssencmode", "disable"}};
  return parameters;
}

// As a value in postgresql.conf.
std::string setting_value(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

Result<std::unique_ptr<TemporaryInstance>> TemporaryInstance::start(const PgWorld& world, const PgPrograms& programs,
                                                                    const std::string& scratch,
                                                                    const std::string& superuser,
                                                                    std::stop_token stop) {
  const auto release = [&](const std::string& path) { return kill_left_behind(world, programs, path + "/data"); };
  ScratchDirectory made =
      HF_TRY(ScratchDirectory::make(world.env, world.fs, scratch, std::string(scratch_prefix), release));
  std::unique_ptr<TemporaryInstance> instance(new TemporaryInstance(programs, std::move(made), superuser));
  const std::string& path = instance->directory();
  const std::unique_ptr<Directory> directory = HF_TRY(world.fs.open_directory(path));
  HF_TRY(give_to_pg_user(world, programs, *directory, ""));
  HF_TRY(initialize_data(world, programs, path + "/data", superuser, stop));
  ServerSpec spec{.data = path + "/data", .socket = path, .settings = loading_settings()};
  instance->server_ = HF_TRY(Server::start(world, programs, std::move(spec), stop));
  return instance;
}

PgParameters TemporaryInstance::parameters(const std::string& database) const {
  return local_parameters(directory(), superuser_, database, std::string(socket_port));
}

Status TemporaryInstance::stop() {
  Status stopped = server_ ? server_->stop(Server::Stop::Immediate) : Status();
  server_.reset();
  Status removed = scratch_.remove();
  return stopped.ok() ? std::move(removed) : std::move(stopped);
}

Result<std::unique_ptr<KeptInstance>> KeptInstance::make(const PgWorld& world, const PgPrograms& programs,
                                                         KeptInstanceSpec spec, std::stop_token stop) {
  spec.directory = HF_TRY(world.fs.absolute(spec.directory));
  std::unique_ptr<Directory> top = HF_TRY(world.fs.create_directories(spec.directory, 0755));
  if (!HF_TRY(top->entries()).empty())
    return Error(Code::Refused, "the directory for the new instance is not empty: " + printable(spec.directory))
        .with_hint("name a new one");
  std::unique_ptr<KeptInstance> instance(new KeptInstance(world, programs, std::move(spec)));
  instance->top_ = std::move(top);
  HF_TRY(instance->make_directories());
  const std::string& path = instance->directory();
  HF_TRY(initialize_data(world, programs, path + "/data", instance->spec_.superuser, stop));
  ServerSpec server{.data = path + "/data", .socket = path + "/socket", .settings = loading_settings()};
  instance->server_ = HF_TRY(Server::start(world, programs, std::move(server), stop));
  return instance;
}

KeptInstance::~KeptInstance() {
  if (is_kept_) return;
  server_.reset();
  // What is half done would be taken for a database.
  for (const std::string_view part : parts) {
    const Result<FileInfo> info = top_->info(part);
    if (!info.ok()) continue;
    if (info.value().type == FileType::Directory)
      static_cast<void>(remove_tree(*top_, std::string(part)).ok());
    else
      static_cast<void>(top_->remove(part).ok());
  }
}

// The top and the socket's directory are the server's alone; initdb makes data/ itself, and so needs the top.
Status KeptInstance::make_directories() {
  HF_TRY(top_->set_mode("", 0700));
  HF_TRY(top_->create_directory("socket", 0700));
  HF_TRY(give_to_pg_user(world_, programs_, *top_, "socket"));
  return give_to_pg_user(world_, programs_, *top_, "");
}

PgParameters KeptInstance::parameters(const std::string& database) const {
  const int port = is_kept_ ? spec_.port.value_or(5432) : 5432;
  return local_parameters(directory() + "/socket", spec_.superuser, database, std::to_string(port));
}

Status KeptInstance::keep(std::stop_token stop) {
  HF_TRY(server_->stop(Server::Stop::Fast));
  server_.reset();
  HF_TRY(write_settings().during("write the settings of the new instance"));
  // One call for all that was written without waiting; what comes later the server syncs itself.
  HF_TRY(top_->sync_all().during("make the new instance durable"));
  Status started = start_detached(world_, programs_, directory() + "/data", directory() + "/server.log", stop);
  is_kept_ = true;  // it holds the data, durably, even if it does not start
  return started;
}

Status KeptInstance::write_settings() {
  const std::unique_ptr<Directory> data = HF_TRY(top_->open_directory("data"));
  const std::unique_ptr<File> file = HF_TRY(data->open_file_for_update("postgresql.conf"));
  const std::string lines =
      "\n# Written by holdfast, which restored this instance.\n"
      "listen_addresses = " +
      std::string(spec_.port ? "'127.0.0.1'" : "''") + "\nport = " + std::to_string(spec_.port.value_or(5432)) +
      "\nunix_socket_directories = " + setting_value(directory() + "/socket") +
      "\nunix_socket_permissions = 0700\n"
      "# The archive belongs to the instance that this one was restored from, until somebody decides otherwise.\n"
      "archive_mode = off\n";
  return file->write_at(HF_TRY(file->info()).size, as_bytes(lines));
}

std::optional<PgParameters> find_kept_instance(Fs& fs, const std::string& directory, const std::string& superuser) {
  const Result<std::string> path = fs.absolute(directory);
  if (!path.ok()) return std::nullopt;
  const std::string socket = path.value() + "/socket";
  const Result<std::unique_ptr<Directory>> opened = fs.open_directory(socket);
  if (!opened.ok()) return std::nullopt;
  const Result<std::vector<DirectoryEntry>> entries = opened.value()->entries();
  if (!entries.ok()) return std::nullopt;
  for (const DirectoryEntry& entry : entries.value()) {
    const std::string port = entry.name.starts_with(socket_prefix) ? entry.name.substr(socket_prefix.size()) : "";
    if (!port.empty() && port.find_first_not_of("0123456789") == port.npos)
      return local_parameters(socket, superuser, "postgres", port);
  }
  return std::nullopt;
}

std::string KeptInstance::stop_command() const {
  const std::string command = programs_.directory + "pg_ctl stop -D " + directory() + "/data -m fast";
  return programs_.user.empty() ? command : "runuser -u " + programs_.user + " -- " + command;
}

}  // namespace hf
