#include "source/sql_prove.h"

#include <algorithm>
#include <charconv>

#include "base/byte_range.h"
#include "base/text.h"
#include "pg/instance.h"
#include "pg/load_rows.h"
#include "pg/names.h"
#include "source/postgres_restored.h"
#include "source/sql_guard.h"
#include "source/sql_load.h"

namespace hf {
namespace {

constexpr Duration run_time_max = std::chrono::hours(24 * 30);
constexpr const char* database = "restored";
constexpr const char* bootstrap_role = "postgres";

class RunningSql final : public RunningCopy {
 public:
  explicit RunningSql(std::unique_ptr<TemporaryInstance> instance) : instance_(std::move(instance)) {}
  std::map<std::string, std::string> connections() const override {
    return {{database, pg_connection_text(instance_->parameters(database))}};
  }
  Status stop() override { return instance_->stop(); }

 private:
  const std::unique_ptr<TemporaryInstance> instance_;
};

// psql:<stdin>:17: ERROR: …, where our own line is the first.
std::string place_of(const std::string& said) {
  const size_t error = said.find("ERROR:");
  const size_t colon = error == said.npos ? error : said.rfind(':', error - 1);
  size_t digits = colon;
  while (colon != said.npos && digits > 0 && said[digits - 1] >= '0' && said[digits - 1] <= '9') --digits;
  if (colon == said.npos || digits == colon) return "";
  uint64_t line = 0;
  std::from_chars(said.data() + digits, said.data() + colon, line);
  return line < 2 ? "" : " at line " + std::to_string(line - 1);
}

class SqlProof {
 public:
  SqlProof(const SourceWorld& world, const ProveRequest& request)
      : world_(world), pg_(pg_world(world)), request_(request) {}

  Result<Proved> run() {
    const std::string file = HF_TRY(script_file(request_.recorded));
    const PgPrograms programs = HF_TRY(find_pg_programs(pg_, {.major = 0, .is_server = true}, request_.stop));
    instance_ = HF_TRY(TemporaryInstance::start(pg_, programs, request_.scratch, bootstrap_role, request_.stop));
    {
      const auto connection = HF_TRY(open_loading(world_.env, instance_->parameters("template1"), request_.stop));
      HF_TRY(connection->run(std::string("CREATE DATABASE ") + database + " TEMPLATE template0"));
    }
    const MonoTime begin = world_.env.clock.mono();
    Status loaded = load(file);
    if (!loaded.ok() && (loaded.error().code() == Code::Cancelled || loaded.error().code() == Code::Unavailable))
      return std::move(loaded).error();
    Proved proved;
    proved.checks.push_back({"load", loaded.ok(), world_.env.clock.mono() - begin,
                             loaded.ok()
                                 ? format_count(statements_, "statement", "statements") + " ran without an error"
                                 : loaded.error().message()});
    proved.running = std::make_unique<RunningSql>(std::move(instance_));
    return proved;
  }

 private:
  Status load(const std::string& name) {
    const std::unique_ptr<Directory> top = HF_TRY(world_.fs.open_directory(request_.directory));
    const std::unique_ptr<File> file = HF_TRY(top->open_file(name));
    const uint64_t size = HF_TRY(file->info()).size;
    const ByteRange script{size, [&](uint64_t at, BytesSpan out) { return file->read_at(at, out); }};
    HF_TRY(make_roles(script));
    ProcessSpec spec =
        to_spec(instance_->programs(),
                {.program = "psql",
                 .arguments = {"--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
                               "--dbname=" + pg_connection_text(instance_->parameters(database)), "--file=-"},
                 .has_network = false});
    spec.input = [&](const ProcessInput& give) { return feed(script, give); };
    const Deadline deadline(world_.env.clock, run_time_max);
    const auto drop = [](BytesView) { return Status(); };
    const ProcessEnd end = HF_TRY(world_.process.run(spec, drop, deadline, request_.stop));
    if (end.status == 0 && end.took_input) return {};
    return Error(Code::Failed, "psql stopped with an error" + place_of(end.stderr_text)).with_detail(end.stderr_text);
  }

  // Who owns what is of the server that the script came from; here they only must be there.
  Status make_roles(const ByteRange& script) {
    const auto connection = HF_TRY(open_loading(world_.env, instance_->parameters("template1"), request_.stop));
    for (const std::string& role : HF_TRY(roles_of_script(script)))
      if (role != bootstrap_role) HF_TRY(connection->run("CREATE ROLE " + pg_quoted(role)).during("make a role"));
    return {};
  }

  // Our own \restrict goes first, with a key that the script cannot know; the script's are kept from psql.
  Status feed(const ByteRange& script, const ProcessInput& give) {
    SqlGuard guard;
    HF_TRY(give(as_bytes("\\restrict " + to_hex(world_.env.entropy.bytes(24)))));
    HF_TRY(give(as_bytes("\n")));
    Bytes rest;
    const auto take = [&](BytesView bytes) -> Status {
      append(rest, bytes);
      size_t done = 0;
      for (const std::byte* end = nullptr; (end = static_cast<const std::byte*>(std::memchr(
                                                rest.data() + done, '\n', rest.size() - done))) != nullptr;) {
        const size_t length = static_cast<size_t>(end - rest.data()) + 1 - done;
        HF_TRY(give_line(guard, BytesView(rest).subspan(done, length), give));
        done += length;
        if (done == rest.size()) break;
      }
      rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(done));
      return {};
    };
    HF_TRY(each_block(script, take));
    if (!rest.empty()) HF_TRY(give_line(guard, rest, give));
    HF_TRY(guard.finish());
    statements_ = guard.statements();
    return {};
  }

  static Status give_line(SqlGuard& guard, BytesView line, const ProcessInput& give) {
    HF_TRY(guard.feed(line));
    return guard.take_had_command() ? give(as_bytes("\n")) : give(line);
  }

  const SourceWorld& world_;
  const PgWorld pg_;
  const ProveRequest& request_;
  std::unique_ptr<TemporaryInstance> instance_;
  uint64_t statements_ = 0;
};

}  // namespace

Result<Proved> prove_sql(const SourceWorld& world, const ProveRequest& request) {
  return SqlProof(world, request).run();
}

}  // namespace hf
