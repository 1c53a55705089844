#include "app/choose.h"
#include "app/restore_in_place.h"
#include "app/restore_load.h"
#include "app/restore_steps.h"
#include "app/session.h"
#include "app/verbs.h"

namespace hf {
namespace {

// POINT, SET, latest; --at names the point of a set.
Result<Point> wanted_point(Context& context, Repository& repository) {
  const std::string named = context.args.text("SET|POINT");
  const std::string at = context.args.text("at");
  if (context.args.has("latest") && !at.empty())
    return Error(Code::Invalid, "--latest and --at contradict each other").with_hint("give one of them");
  if (named.empty() && at.empty() && !context.args.has("latest"))
    return Error(Code::Invalid, "which point shall be restored?")
        .with_hint("for example: holdfast restore latest --in DIR; holdfast list shows all");
  if (at.empty())
    return choose_point(context, repository, named.empty() ? "latest" : named, context.args.all("source"));
  Point point = HF_TRY(choose_point(context, repository, at));
  if (!named.empty() && named != "latest" && point.manifest.set != named && !point.id.hex().starts_with(named))
    return Error(Code::NotFound, "point " + shown_id(point.id) + " is not of set " + printable(named))
        .with_hint("holdfast list --set " + printable(named) + " shows its points");
  return point;
}

Result<RestoreRequest> make_request(Context& context, const Point& point) {
  const Arguments& args = context.args;
  RestoreRequest request{.destination = args.text("in"), .sources = args.all("source")};
  if (request.destination.empty())
    return Error(Code::Invalid, "where shall it be restored to?").with_hint("--in DIR names a new directory");
  if (args.has("clean"))
    request.mode = RestoreMode::Clean;
  else if (args.has("overwrite"))
    request.mode = RestoreMode::Overwrite;
  request.setuid = args.has("setuid");
  request.devices = args.has("devices");
  request.compare_content = args.has("compare-content");
  request.workers = context.program.processors;
  std::vector<std::string> of_paths;
  for (const std::string& path : args.all("path")) {
    const bool names_source = request.sources.size() == 1 && !path.starts_with('/') &&
                              !path.starts_with(request.sources[0] + "/") && path != request.sources[0];
    const PlaceInPoint place = HF_TRY(choose_place(point, names_source ? request.sources[0] + "/" + path : path));
    if (place.source == nullptr)
      return Error(Code::Invalid, "--path is empty").with_hint("leave it out to restore everything");
    if (!of_paths.empty() && of_paths.front() != place.source->name)
      return Error(Code::Invalid, "--path names files of several sources").with_hint("restore one source at a time");
    of_paths = {place.source->name};
    if (!place.path.empty()) request.paths.push_back(place.path);
  }
  if (!of_paths.empty()) request.sources = of_paths;
  return request;
}

Result<Exit> run_verb(Context& context) {
  const MonoTime begin = context.program.clock.mono();
  const bool in_place = context.args.has("in-place");
  const bool into_server = is_restore_load(context.args);
  if (context.args.text("in").empty() && !in_place && !into_server)
    return Error(Code::Invalid, "where shall it be restored to?").with_hint("--in DIR names a new directory");
  if (!into_server)
    for (const OptionSpec& option : restore_load_options())
      if (context.args.has(option.name))
        return Error(Code::Invalid, "--" + std::string(option.name) + " is for a restore into a server")
            .with_hint("--new-instance DIR makes one, --dsn names one that runs");
  for (const char* flag : {"to-path", "stop", "start"})
    if (context.args.has(flag) && !in_place)
      return Error(Code::Invalid, "--" + std::string(flag) + " is for --in-place").with_hint("add --in-place");
  const Settings settings = HF_TRY(load_settings(context));
  const OpenRepository opened = HF_TRY(open_repository(context, settings));
  const Point point = HF_TRY(wanted_point(context, *opened));
  if (into_server) return restore_load(context, settings, *opened, point);
  if (in_place) {
    const InPlace plan = HF_TRY(plan_in_place(context, settings, point));
    return restore_in_place(context, settings, *opened, point, plan);
  }
  RestoreRequest request = HF_TRY(make_request(context, point));
  if (context.args.has("dry-run")) {
    if (request.mode == RestoreMode::New) HF_TRY(check_empty(context.program.fs, request.destination));
    const RestorePreview preview = HF_TRY(preview_restore(*opened, point, request, context.program.stop));
    show_preview(context.out, point, request, preview);
    return Exit::Done;
  }
  if (request.mode == RestoreMode::Clean) HF_TRY(confirm_clean(context, *opened, point, request));
  context.out.event("run.started", JsonObject().add("verb", "restore").add("point", point.id.hex()));
  request.progress = [&](uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = "restore " + shown_id(point.id), .bytes = bytes, .bytes_total = bytes_total});
  };
  request.on_begin = [&](const SourceRecord& source) {
    context.out.event("step.started", JsonObject().add("step", source.name).add("bytes_total", source.bytes));
  };
  request.on_end = [&](const RestoredSource& source) { tell_restored(context.out, source); };
  Result<RestoreOutcome> restored = restore_point(*opened, point, request, context.program.stop);
  context.progress.clear();
  const RestoreOutcome outcome = HF_TRY(std::move(restored));
  return show_restored(context, point, request, outcome, context.program.clock.mono() - begin);
}

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> all = {
      {"in", "", "DIR", "where to restore to; made if it is missing, and else must be empty"},
      {"latest", "", "", "the newest point with all sources of the set, or with those of --source (the default)"},
      {"at", "", "POINT", "this point of the set"},
      {"source", "", "NAME", "only this source", true},
      {"path", "", "PATH", "only this file or directory", true},
      {"overwrite", "", "", "into a directory that is not empty: write what differs"},
      {"clean", "", "", "as --overwrite, and remove what the point does not have"},
      {"compare-content", "", "", "with --overwrite or --clean: compare bytes, not sizes and times"},
      {"setuid", "", "", "keep setuid and setgid bits and file capabilities"},
      {"devices", "", "", "make device nodes"},
      {"dry-run", "", "", "show what would be written, replaced, removed, stopped and started; nothing is"},
      {"in-place", "", "", "replace what the source's program uses; needs --source"},
      {"to-path", "", "PATH", "with --in-place: the file to replace"},
      {"stop", "", "CMD", "with --in-place: command that stops the program; there is no shell"},
      {"start", "", "CMD", "with --in-place: command that starts it; must bear that it runs already"},
      {"confirm", "", "NAME", "the last component of DIR or of the file, as proof that it is meant"}};
  for (const OptionSpec& option : restore_load_options()) all.push_back(option);
  return all;
}

}  // namespace

Verb restore_verb() {
  return {
      .name = "restore",
      .summary = "Restore a point into a directory",
      .description =
          "Restores into a new directory, each source below its name. --overwrite brings a directory in line with the "
          "point, writing "
          "only what differs; --clean also removes what the point does not have, and asks for the directory's name "
          "first "
          "(without a terminal: --yes --confirm NAME). What is damaged is named and left out, and the exit code is "
          "then 3. "
          "--in-place puts one source (of kind sqlite) back where its program uses it: the program is stopped, the "
          "file replaced in one step, checked and counted, and the program started, whatever happened in between. "
          "What was there is kept beside it. Path and commands come from the source in the configuration or from "
          "flags. It asks for the file's name first; exit code 5: a check failed. "
          "--new-instance and --dsn restore one source (of kind postgres or sql) into a server: an instance that is "
          "made, or one that runs, there as new databases unless --clean or --recreate is given. These ask for the "
          "database's name, refuse the server that the point was taken from, and save what they replace as a safety "
          "point. A SQL script is run in a new or an empty database, until its first error.",
      .arguments = {{"SET|POINT",
                     "latest, a set (its newest point), or the first digits of a point",
                     ArgumentSpec::Count::Optional,
                     {},
                     ArgumentSpec::Completes::Points}},
      .options = options(),
      .examples =
          {"holdfast restore latest --repo /backup/repo --passphrase-file /etc/holdfast/passphrase --in /srv/restored",
           "holdfast restore web --at 3fa9c01b22 --source uploads --path images/logo.png --in /tmp/logo",
           "holdfast restore web --source app.db --in-place --to-path /srv/app.db --stop 'systemctl stop app' --start "
           "'systemctl start app'"},
      .run = run_verb};
}

}  // namespace hf
