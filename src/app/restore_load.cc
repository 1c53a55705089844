#include "app/restore_load.h"

#include <algorithm>

#include "app/choose.h"
#include "app/environments.h"
#include "app/kinds.h"
#include "app/point_text.h"
#include "app/safety_point.h"
#include "backup/point_files.h"
#include "backup/recorded.h"
#include "backup/restore.h"
#include "base/secret_opener.h"
#include "base/text.h"
#include "sys/scratch_directory.h"

namespace hf {
namespace {

constexpr std::array<std::string_view, 9> flags_of_directories = {
    "in", "path", "overwrite", "setuid", "devices", "compare-content", "in-place", "to-path", "start"};

struct LoadTask {
  const SourceRecord* source = nullptr;
  SourceKind kind;
  LoadRequest request;
};

Result<LoadTask> choose_source(Context& context, const Point& point) {
  const std::vector<std::string> names = context.args.all("source");
  std::vector<SourceKind> kinds = source_kinds();
  LoadTask task;
  std::vector<std::string> loadable;
  for (const SourceRecord& source : point.manifest.sources) {
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const SourceKind& k) { return k.name == source.kind; });
    const bool is_wanted = names.empty() || std::find(names.begin(), names.end(), source.name) != names.end();
    if (!is_wanted || kind == kinds.end() || !kind->load) continue;
    loadable.push_back(source.name);
    task.source = &source;
    task.kind = *kind;
  }
  if (loadable.size() == 1 && names.size() <= 1) return task;
  if (loadable.empty())
    return Error(Code::NotFound, "point " + shown_id(point.id) + " has no " + (names.empty() ? "" : "such ") +
                                     "source that is restored into a server")
        .with_hint("holdfast show " + shown_id(point.id) + " lists its sources");
  return Error(Code::Invalid, "which source shall be restored?").with_hint("--source " + loadable.front());
}

Result<LoadRequest> make_request(Context& context) {
  const Arguments& args = context.args;
  for (const std::string_view flag : flags_of_directories)
    if (args.has(flag))
      return Error(Code::Invalid, "--" + std::string(flag) + " is not for a restore into a server")
          .with_hint("leave it out, or restore into a directory with --in DIR");
  for (const char* flag : {"dsn", "new-instance"})
    if (args.has(flag) && args.text(flag).empty())
      return Error(Code::Invalid, "--" + std::string(flag) + " is empty")
          .with_hint("if it comes from a variable of the shell, that is not set; or leave the flag out");
  LoadRequest request{.new_instance = args.text("new-instance"),
                      .dsn = args.text("dsn"),
                      .databases = args.all("database"),
                      .tables = args.all("table"),
                      .schemas = args.all("schema"),
                      .clean = args.has("clean"),
                      .recreate = args.has("recreate"),
                      .no_owner = args.has("no-owner"),
                      .roles = args.has("roles"),
                      .workers = context.program.processors,
                      .bin = args.text("postgres-bin"),
                      .user = args.text("postgres-user")};
  if (args.has("port")) request.port = static_cast<int>(HF_TRY(args.count("port", 0)));
  request.workers = HF_TRY(args.count("connections", context.program.processors));
  const std::string on_error = args.text("on-error", "stop");
  if (on_error != "stop" && on_error != "continue")
    return Error(Code::Invalid, "--on-error takes stop or continue").with_hint("stop is the default");
  request.go_on = on_error == "continue";
  return request;
}

std::string stage_parent(Context& context, const LoadPlan& plan) {
  for (const std::string& path : {context.args.text("stage"), plan.stage, context.program.environment("TMPDIR")})
    if (!path.empty()) return path;
  return "/tmp";
}

Status check_space(Fs& fs, const std::string& parent, const LoadTask& task, const LoadPlan& plan) {
  const std::unique_ptr<Directory> directory = HF_TRY(fs.open_directory(parent).during("the directory for staging"));
  const uint64_t free = HF_TRY(directory->space_free());
  const double staged = plan.paths.empty() ? 1 : 0;
  const double needed = static_cast<double>(task.source->bytes) * (staged + plan.growth);
  if (static_cast<double>(free) >= needed) return {};
  return Error(Code::Failed, "there is not enough space in " + printable(parent) + ": " + format_bytes(free) +
                                 " are free, and about " + format_bytes(static_cast<uint64_t>(needed)) + " needed")
      .with_hint("--stage DIR names a directory elsewhere for the staged files");
}

// What the configuration says of the server, beside what the kind found out about it.
void judge_production(Context& context, const Settings& settings, LoadPlan& plan) {
  if (!plan.is_destructive || !settings.config || plan.server.empty()) return;
  const std::string why = why_production(*settings.config, plan.server, context.program.host);
  if (!why.empty()) plan.production += (plan.production.empty() ? "" : "; ") + why;
}

// Production first: that is not a question of typing the right name.
Status confirm(Context& context, const LoadPlan& plan) {
  if (!plan.is_destructive) return {};
  const Arguments& args = context.args;
  for (const std::string& loss : plan.losses) context.out.warn(printable(loss));
  if (!plan.production.empty() && !args.has("allow-production"))
    return Error(Code::Refused, "this is taken for production: " + plan.production)
        .with_hint("restore into a new database or instance; --allow-production if it is meant all the same");
  const std::string confirmed = args.text("confirm");
  const bool unattended = args.has("yes") && !confirmed.empty();
  if (!unattended && !context.program.terminal.is_interactive())
    return Error(Code::Refused, "database " + printable(plan.name) + " would be replaced, and nobody is here to ask")
        .with_hint("look with --dry-run, then add: --yes --confirm " + printable(plan.name));
  if (unattended && confirmed != plan.name)
    return Error(Code::Refused, "--confirm " + printable(confirmed) + " is not the name of the database")
        .with_hint("it is " + printable(plan.name));
  if (unattended) return {};
  const std::string typed = HF_TRY(context.program.terminal.ask_line(
      "Type the database's name (" + printable(plan.name) + ") to go on: ", context.program.stop));
  if (typed != plan.name) return Error(Code::Refused, "that is not the database's name; nothing was changed");
  return {};
}

// What is lost becomes a point first. Nothing if there is nothing to save, or nobody wants it.
Result<std::optional<SafetyPoint>> save_what_is_lost(Context& context, const Settings& settings,
                                                     const Repository& repository, const Point& restored,
                                                     const LoadTask& task, const LoadPlan& plan) {
  if (!plan.is_destructive) return std::optional<SafetyPoint>();
  if (context.args.has("no-safety-point")) {
    context.out.warn("note: no safety point is taken, as was asked: there will be no way back");
    return std::optional<SafetyPoint>();
  }
  const SafetyRequest request{.kind = task.kind,
                              .source = task.source->name,
                              .options = plan.safety,
                              .replaced = plan.name,
                              .restored = restored.id};
  SafetyPoint taken = HF_TRY(take_safety_point(context, settings, repository, request));
  return std::optional<SafetyPoint>(std::move(taken));
}

std::string way_back(Context& context, const Point& safety, const LoadTask& task, const LoadPlan& plan) {
  // The safety point was taken from that very server.
  return "to go back: holdfast restore " + shown_id(safety.id) + " --dsn " +
         shell_quoted(context.out.is_names_only() && !is_secret_reference(task.request.dsn) ? "…" : task.request.dsn) +
         " --database " + shell_quoted(plan.name) + " --recreate --allow-production";
}

Result<LoadOutcome> stage_and_load(Context& context, Repository& repository, const Point& point, const LoadTask& task,
                                   const LoadPlan& plan, Load& load, uint64_t& bytes) {
  Program& program = context.program;
  ScratchDirectory scratch =
      HF_TRY(ScratchDirectory::make(program.env(), program.fs, stage_parent(context, plan), "holdfast-restore-"));
  RestoreRequest restore{.destination = scratch.path() + "/tree", .sources = {task.source->name}, .paths = plan.paths};
  restore.durable = false;
  restore.workers = program.processors;
  restore.progress = [&](uint64_t done, uint64_t total) {
    context.progress.update({.doing = "restore " + shown_id(point.id), .bytes = done, .bytes_total = total});
  };
  Result<RestoreOutcome> restored = restore_point(repository, point, restore, program.stop);
  context.progress.clear();
  const RestoreOutcome staged = HF_TRY(std::move(restored));
  if (!staged.complete())
    return Error(Code::Corrupt, printable(task.source->name) + " cannot be restored whole; nothing was loaded: " +
                                    printable(staged.sources.at(0).problems.at(0).path) + ": " +
                                    staged.sources.at(0).problems.at(0).what)
        .with_hint("restore what is left of it with --in DIR, or try another point");
  const auto tell = [&](const std::string& step) {
    context.out.event("step.started", JsonObject().add("step", step));
    context.progress.update({.doing = "load " + step});
  };
  LoadTree tree{.staged = staged.sources.at(0).path};
  std::unique_ptr<PointFiles> unstaged;
  if (!plan.unstaged.empty()) {
    unstaged = HF_TRY(PointFiles::find(repository, *task.source, plan.unstaged, program.stop));
    tree.unstaged = unstaged.get();
  }
  Result<LoadOutcome> loaded = load.run(tree, tell, program.stop);
  context.progress.clear();
  const LoadOutcome outcome = HF_TRY(std::move(loaded));
  bytes = plan.unstaged.empty() ? staged.sources.at(0).bytes : staged.sources.at(0).bytes + outcome.bytes;
  if (const Status removed = scratch.remove(); !removed.ok()) context.out.warn("note: " + removed.error().message());
  return outcome;
}

// A connection that was given as a secret is told by the secret's name.
std::string shown_place(const LoadTask& task, const LoadPlan& plan) {
  const bool is_secret = !plan.server.empty() && is_secret_reference(task.request.dsn);
  return (is_secret ? "the server of " + task.request.dsn : plan.environment) +
         (plan.database.empty() ? "" : ", database " + printable(plan.database));
}

Result<Exit> show_plan(Context& context, const Point& point, const LoadTask& task, const LoadPlan& plan) {
  context.out.print("would restore " + printable(task.source->name) + " of point " + shown_id(point.id) + ", " +
                    format_time_rfc3339(point.manifest.started) + ", " + format_bytes(task.source->bytes) + ", into " +
                    printable(shown_place(task, plan)) + "; staged in " + printable(stage_parent(context, plan)));
  for (const std::string& loss : plan.losses) context.out.print("  " + printable(loss));
  if (!plan.production.empty()) context.out.print("  taken for production: " + plan.production);
  context.out.print("nothing was changed");
  context.out.document(JsonObject()
                           .add("dry_run", true)
                           .add("point", point.id.hex())
                           .add("source", task.source->name)
                           .add("environment", shown_place(task, plan))
                           .add("destructive", plan.is_destructive)
                           .add("losses", json_list(plan.losses))
                           .add("production", plan.production)
                           .add("bytes_to_write", task.source->bytes));
  return Exit::Done;
}

Result<Exit> show_loaded(Context& context, const Point& point, const LoadTask& task, const LoadPlan& plan,
                         const LoadOutcome& outcome, uint64_t bytes, const std::optional<SafetyPoint>& safety,
                         Duration took) {
  const std::string status = outcome.errors == 0 ? "complete" : "partial";
  const Duration rpo = context.program.clock.wall() - point.manifest.started;
  context.out.say(printable(task.source->name) + " of point " + shown_id(point.id) + ", " +
                  format_time_rfc3339(point.manifest.started) + " (" + format_duration(rpo) + " ago), is in " +
                  printable(shown_place(task, plan)) + ": " + format_count(outcome.rows, "row", "rows") + ", " +
                  format_bytes(bytes) + ", in " + format_duration(took));
  for (const std::string& note : outcome.notes) context.out.remark("note: " + printable(note));
  // A connection that was given as a secret is one.
  const bool tells_connections = !context.out.is_names_only() && !is_secret_reference(task.request.dsn);
  for (const auto& [database, text] : outcome.connections)
    if (tells_connections) context.out.say("connect to " + printable(database) + ": psql " + shell_quoted(text));
  for (const std::string& line : outcome.lines) context.out.say(line);
  if (safety) context.out.say(way_back(context, safety->point, task, plan));
  if (outcome.errors > 0)
    context.out.warn("the server refused " + format_count(outcome.errors, "statement", "statements") +
                     ", which were passed over as was asked");
  JsonObject source;
  source.add("name", task.source->name).add("status", status).add("path", shown_place(task, plan)).add("bytes", bytes);
  source.add("rows", outcome.rows).add("errors", outcome.errors).add("notes", json_list(outcome.notes));
  JsonObject connections;
  for (const auto& [database, text] : outcome.connections)
    if (tells_connections) connections.add(database, text);
  source.add("connections", connections.json());
  JsonArray sources;
  sources.add(source);
  const std::vector<SyncedCopy> none;
  context.out.event("run.finished", JsonObject().add("status", status));
  context.out.document(JsonObject()
                           .add("point", point.id.hex())
                           .add("set", point.manifest.set)
                           .add("environment", shown_place(task, plan))
                           .add("status", status)
                           .add("seconds", Json::seconds(took))
                           .add("sources", sources.json())
                           .add("safety_point", safety ? Json(safety->point.id.hex()) : Json())
                           .add("safety_copies", copies_document(safety ? safety->copies : none).json())
                           .add("rpo_actual_seconds", Json::seconds(rpo))
                           .add("rto_actual_seconds", Json::seconds(took)));
  return outcome.errors == 0 ? Exit::Done : Exit::Partial;
}

}  // namespace

bool is_restore_load(const Arguments& args) {
  return args.has("new-instance") || args.has("dsn");
}

Result<Exit> restore_load(Context& context, const Settings& settings, Repository& repository, const Point& point) {
  const MonoTime begin = context.program.clock.mono();
  LoadTask task = HF_TRY(choose_source(context, point));
  task.request = HF_TRY(make_request(context));
  task.request.scratch = stage_parent(context, {});
  const SourceWorld world = source_world(context, settings);
  const std::unique_ptr<Load> load = HF_TRY(task.kind.load(world, recorded_source(*task.source), task.request));
  LoadPlan plan = HF_TRY(load->plan(context.program.stop));
  judge_production(context, settings, plan);
  if (context.args.has("dry-run")) return show_plan(context, point, task, plan);
  HF_TRY(check_space(context.program.fs, stage_parent(context, plan), task, plan));
  HF_TRY(confirm(context, plan));
  context.out.event("run.started", JsonObject().add("verb", "restore").add("point", point.id.hex()));
  const std::optional<SafetyPoint> safety = HF_TRY(save_what_is_lost(context, settings, repository, point, task, plan));
  uint64_t bytes = 0;
  Result<LoadOutcome> loaded = stage_and_load(context, repository, point, task, plan, *load, bytes);
  if (!loaded.ok() && safety) context.out.warn(way_back(context, safety->point, task, plan));
  const LoadOutcome outcome = HF_TRY(std::move(loaded));
  return show_loaded(context, point, task, plan, outcome, bytes, safety, context.program.clock.mono() - begin);
}

std::vector<OptionSpec> restore_load_options() {
  return {{"new-instance", "", "DIR", "into a new PostgreSQL instance, made in DIR and left running"},
          {"port", "", "N", "with --new-instance: on 127.0.0.1 too, not on its socket alone"},
          {"dsn", "", "DSN",
           "into a PostgreSQL server that runs: 'host=… user=…' without a password, or env:NAME, file:PATH"},
          {"database", "", "NAME", "only this database; NAME=NEW restores it under another name", true},
          {"table", "", "NAME", "only this table, as SCHEMA.TABLE, with what it needs and what belongs to it", true},
          {"schema", "", "NAME", "only this schema of the database", true},
          {"recreate", "", "", "with --dsn: drop the database and make it anew; asks, and saves it first"},
          {"no-owner", "", "", "leave owners and grants out"},
          {"roles", "", "", "with --dsn: make the roles that are missing"},
          {"on-error", "", "HOW", "stop at what the server refuses (the default), or continue"},
          {"connections", "", "N", "sessions that load at the same time (default: one a processor)"},
          {"stage", "", "DIR", "where the files are put before they are loaded"},
          {"allow-production", "", "", "replace a database of a server that is taken for production"},
          {"no-safety-point", "", "", "do not save what is replaced"},
          {"postgres-bin", "", "DIR", "where PostgreSQL's programs are"},
          {"postgres-user", "", "NAME", "as whom they run if we are root (default: postgres)"}};
}

}  // namespace hf
