#include "app/restore_in_place.h"

#include <algorithm>

#include "app/choose.h"
#include "app/kinds.h"
#include "backup/recorded.h"
#include "backup/restore.h"
#include "base/text.h"
#include "source/argv.h"
#include "source/options.h"
#include "sys/remove_tree.h"

namespace hf {
namespace {

constexpr std::array<std::string_view, 7> flags_of_directories = {"in",     "path",    "overwrite",      "clean",
                                                                  "setuid", "devices", "compare-content"};

// The option of the source in the configuration; empty if there is none.
std::vector<std::string> configured(const Settings& settings, const SourceRecord& source, std::string_view option) {
  const config::Config* config = settings.config_or_null();
  if (config == nullptr) return {};
  const auto found = config->sources.find(source.name);
  return found == config->sources.end() || found->second.type != source.kind
             ? std::vector<std::string>{}
             : list_option(found->second.options, option);
}

Result<std::vector<std::string>> command_of(Context& context, const Settings& settings, const SourceRecord& source,
                                            const std::string& which) {
  std::vector<std::string> argv = context.args.has(which)
                                      ? HF_TRY(split_argv(context.args.text(which)).during("--" + which))
                                      : configured(settings, source, which);
  if (argv.empty() || argv[0].empty())
    return Error(Code::Invalid, "nothing says how to " + which + " the program that uses " + printable(source.name))
        .with_hint("--" + which + " 'systemctl " + which + " app', or `" + which +
                   "` of the source in the configuration; `true` if no program uses it");
  return argv;
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<std::vector<CheckResult>> restore_and_put_back(Context& context, const Settings& settings,
                                                      Repository& repository, const Point& point, const InPlace& plan,
                                                      const std::string& scratch) {
  RestoreRequest restore{.destination = scratch, .sources = {plan.source->name}, .durable = false};
  restore.workers = context.program.processors;
  restore.progress = [&](uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = "restore " + shown_id(point.id), .bytes = bytes, .bytes_total = bytes_total});
  };
  Result<RestoreOutcome> restored = restore_point(repository, point, restore, context.program.stop);
  context.progress.clear();
  const RestoreOutcome outcome = HF_TRY(std::move(restored));
  if (!outcome.complete())
    return Error(Code::Corrupt, printable(plan.source->name) + " cannot be restored whole; nothing was changed")
        .with_hint("restore what is left of it with --in DIR, or try another point");
  PutBack request = plan.request;
  request.restored = outcome.sources.at(0).path;
  const SourceWorld world = source_world(context, settings);
  return plan.kind.put_back(world, recorded_source(*plan.source), request);
}

Result<Exit> show_put_back(Context& context, const Point& point, const InPlace& plan,
                           const std::vector<CheckResult>& checks, Duration rto) {
  JsonArray documents;
  bool passed = true;
  for (const CheckResult& check : checks) {
    passed = passed && check.passed;
    const JsonObject document = JsonObject()
                                    .add("name", check.name)
                                    .add("status", check.passed ? "passed" : "failed")
                                    .add("seconds", Json::seconds(check.took))
                                    .add("message", check.message);
    context.out.event("check.result", document);
    documents.add(document);
    const std::string line =
        (check.passed ? "  passed  " : "  FAILED  ") + check.name + ": " + printable(check.message);
    if (check.passed)
      context.out.say(line);
    else
      context.out.print(line);
  }
  const std::string status = passed ? "complete" : "failed";
  const Duration rpo = context.program.clock.wall() - point.manifest.started;
  context.out.event("run.finished", JsonObject().add("status", status));
  context.out.say(printable(plan.source->name) + " of point " + shown_id(point.id) + ", " +
                  format_time_rfc3339(point.manifest.started) + " (" + format_duration(rpo) + " ago), in place " +
                  printable(plan.request.target) + ": " + status + ", " + format_duration(rto));
  context.out.document(JsonObject()
                           .add("point", point.id.hex())
                           .add("set", point.manifest.set)
                           .add("source", plan.source->name)
                           .add("environment", plan.request.target)
                           .add("status", status)
                           .add("checks", documents.json())
                           .add("rpo_actual_seconds", Json::seconds(rpo))
                           .add("rto_actual_seconds", Json::seconds(rto)));
  return passed ? Exit::Done : Exit::VerifyFailed;
}

}  // namespace

Result<InPlace> plan_in_place(Context& context, const Settings& settings, const Point& point) {
  for (const std::string_view flag : flags_of_directories)
    if (context.args.has(flag))
      return Error(Code::Invalid, "--in-place and --" + std::string(flag) + " contradict each other")
          .with_hint("--in-place puts one source back where its program uses it");
  const std::vector<std::string> names = context.args.all("source");
  if (names.size() != 1)
    return Error(Code::Invalid, "which source shall be put back in place?").with_hint("name one: --source app-db");
  const std::vector<SourceRecord>& sources = point.manifest.sources;
  const auto source =
      std::find_if(sources.begin(), sources.end(), [&](const SourceRecord& s) { return s.name == names[0]; });
  if (source == sources.end())
    return Error(Code::NotFound, "point " + shown_id(point.id) + " has no source " + printable(names[0]))
        .with_hint("holdfast show " + shown_id(point.id) + " lists them");
  InPlace plan{.source = &*source, .kind = {}, .request = {}};
  for (SourceKind& kind : source_kinds())
    if (kind.name == source->kind) plan.kind = std::move(kind);
  if (!plan.kind.put_back)
    return Error(Code::Unsupported, "sources of kind " + printable(source->kind) + " cannot be put back in place")
        .with_hint("restore it into a directory: --in DIR");
  std::string target = context.args.text("to-path");
  if (const auto path = configured(settings, *source, "path"); target.empty() && !path.empty()) target = path[0];
  if (target.empty())
    return Error(Code::Invalid, "nothing says where " + printable(source->name) + " belongs")
        .with_hint("--to-path /srv/app/app.db, or -c with the configuration that has this source");
  plan.request.target = HF_TRY(context.program.fs.absolute(target));
  plan.request.stop = HF_TRY(command_of(context, settings, *source, "stop"));
  plan.request.start = HF_TRY(command_of(context, settings, *source, "start"));
  return plan;
}

Status confirm_in_place(Context& context, const InPlace& plan) {
  const std::string name = file_name(plan.request.target);
  const std::string confirmed = context.args.text("confirm");
  const bool unattended = context.args.has("yes") && !confirmed.empty();
  if (!unattended && !context.program.terminal.is_interactive())
    return Error(Code::Refused, "--in-place replaces " + printable(name) + ", and nobody is here to ask")
        .with_hint("look with --dry-run, then add: --yes --confirm " + printable(name));
  if (unattended && confirmed != name)
    return Error(Code::Refused, "--confirm " + printable(confirmed) + " is not the name of the file")
        .with_hint("it is " + printable(name));
  context.out.warn(printable(plan.request.target) + " will be replaced, and its program stopped (" +
                   printable(plan.request.stop[0]) + ") and started (" + printable(plan.request.start[0]) +
                   "); what is there now is kept beside it");
  if (unattended) return {};
  const std::string typed = HF_TRY(context.program.terminal.ask_line(
      "Type the file's name (" + printable(name) + ") to go on: ", context.program.stop));
  if (typed != name) return Error(Code::Refused, "that is not the file's name; nothing was changed");
  return {};
}

Result<Exit> restore_in_place(Context& context, const Settings& settings, Repository& repository, const Point& point,
                              const InPlace& plan) {
  const MonoTime begin = context.program.clock.mono();
  if (context.args.has("dry-run")) {
    const std::string& target = plan.request.target;
    const auto parent_directory =
        HF_TRY(context.program.fs.open_directory(target.substr(0, target.rfind('/') + 1) + "."));
    const Result<FileInfo> there = parent_directory->info(file_name(target));
    const uint64_t space_free = HF_TRY(parent_directory->space_free());
    context.out.print("would stop its program:  " + printable(join(plan.request.stop, " ")));
    context.out.print("would put " + printable(plan.source->name) + " of point " + shown_id(point.id) + " (" +
                      format_bytes(plan.source->bytes) + ") in the place of " + printable(target) +
                      (there.ok() ? " (" + format_bytes(there.value().size) + "), which is kept beside it"
                                  : ", where nothing is now") +
                      "; free: " + format_bytes(space_free));
    context.out.print("would start its program: " + printable(join(plan.request.start, " ")) + "; nothing was done");
    context.out.document(JsonObject()
                             .add("dry_run", true)
                             .add("point", point.id.hex())
                             .add("source", plan.source->name)
                             .add("environment", plan.request.target)
                             .add("bytes_to_write", plan.source->bytes)
                             .add("replaces", there.ok())
                             .add("space_free", space_free)
                             .add("stop", json_list(plan.request.stop))
                             .add("start", json_list(plan.request.start)));
    return Exit::Done;
  }
  HF_TRY(confirm_in_place(context, plan));
  context.out.event("run.started", JsonObject().add("verb", "restore").add("point", point.id.hex()));
  // Beside the target: there must be space for it there anyway.
  const std::string parent = plan.request.target.substr(0, plan.request.target.rfind('/') + 1) + ".";
  const std::unique_ptr<Directory> directory = HF_TRY(context.program.fs.open_directory(parent));
  const std::string name = ".holdfast-restore-" + to_hex(context.program.entropy.bytes(6));
  HF_TRY(directory->create_directory(name, 0700));
  Result<std::vector<CheckResult>> checks =
      restore_and_put_back(context, settings, repository, point, plan, parent + "/" + name);
  if (const Status removed = remove_tree(*directory, name); !removed.ok())
    context.out.warn("note: the scratch directory " + printable(name) +
                     " was not removed: " + removed.error().message());
  const std::vector<CheckResult> found = HF_TRY(std::move(checks));
  return show_put_back(context, point, plan, found, context.program.clock.mono() - begin);
}

}  // namespace hf
