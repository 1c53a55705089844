#include "app/backup_plan.h"
#include "app/backup_rehearsal.h"
#include "app/backup_report.h"
#include "app/choose.h"
#include "app/help.h"
#include "app/point_cache.h"
#include "app/set_copies.h"
#include "app/verbs.h"
#include "base/text.h"

namespace hf {
namespace {

Result<std::map<std::string, std::string>> parse_tags(const std::vector<std::string>& words) {
  std::map<std::string, std::string> tags;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == word.npos)
      return Error(Code::Invalid, "--tag is not NAME=VALUE: " + printable(word))
          .with_hint("for example: --tag release=1.4");
    if (is_own_tag(word.substr(0, equals)))
      return Error(Code::Invalid, "--tag " + printable(word.substr(0, equals)) + " is a mark of holdfast's own")
          .with_hint("--emergency makes a point that stays; else take another name");
    tags[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return tags;
}

// A path that is missing is a mistake in the sources, and not a missing point.
Error as_failure(Error error) {
  if (error.code() != Code::NotFound) return error;
  return Error(Code::Failed, error.message()).with_detail(error.detail()).with_hint(error.hint());
}

// Only for the time left that a person sees.
uint64_t bytes_before(Context& context, Repository& repository, const std::string& set) {
  if (!context.program.terminal.shows_progress() || context.out.is_quiet()) return 0;
  const Result<std::optional<Point>> last = newest_point(repository, set);
  uint64_t bytes = 0;
  if (last.ok() && last.value())
    for (const SourceRecord& source : last.value()->manifest.sources) bytes += source.bytes;
  return bytes;
}

// Bytes of all sources so far, from reports of one source at a time.
class SetProgress {
 public:
  SetProgress(Context& context, uint64_t total) : context_(context), total_(total) {}

  void report(const BackupProgress& progress) {
    if (progress.source != source_) {
      bytes_done_ += bytes_;
      source_ = progress.source;
      context_.out.event("step.started", JsonObject().add("step", source_));
    }
    bytes_ = progress.capture.bytes;
    context_.progress.update({.doing = "backup " + source_,
                              .bytes = bytes_done_ + bytes_,
                              .bytes_total = total_,
                              .entries = progress.capture.entries});
  }

 private:
  Context& context_;
  const uint64_t total_;
  std::string source_;
  uint64_t bytes_ = 0, bytes_done_ = 0;
};

Result<BackupOutcome> back_up(Context& context, Repository& repository, SetPlan plan) {
  context.out.event("run.started", JsonObject().add("verb", "backup").add("set", plan.set));
  context.progress.update({.doing = "backup " + plan.set});
  SetProgress progress(context, bytes_before(context, repository, plan.set));
  BackupRequest request{
      .set = plan.set, .sources = std::move(plan.sources), .host = context.program.host, .version = program_version()};
  if (plan.is_selected) request.kind = kind_selected;
  request.is_emergency = plan.is_emergency;
  request.tags = HF_TRY(parse_tags(context.args.all("tag")));
  request.pipeline.workers = context.program.processors;
  request.progress = [&](const BackupProgress& state) { progress.report(state); };
  Result<BackupOutcome> outcome = run_backup(repository, std::move(request), context.program.stop);
  context.progress.clear();
  if (!outcome.ok()) return as_failure(std::move(outcome).error());
  const Manifest& manifest = outcome.value().point.manifest;
  for (const SourceRecord& source : manifest.sources)
    context.out.event("step.finished", JsonObject()
                                           .add("step", source.name)
                                           .add("status", source.complete ? "complete" : "partial")
                                           .add("bytes", source.bytes)
                                           .add("seconds", Json::seconds(source.took)));
  for (const SourceFailure& failed : outcome.value().failed)
    context.out.event("step.finished", JsonObject()
                                           .add("step", failed.name)
                                           .add("status", "failed")
                                           .add("error", error_document(failed.error, exit_code(failed.error.code()))));
  context.out.event("run.finished",
                    JsonObject().add("point", outcome.value().point.id.hex()).add("status", name_of(manifest.status)));
  print_backup(context.out, outcome.value());
  remember_point(context, repository.store().describe(), outcome.value().point);
  return outcome;
}

JsonObject show_failed_set(Context& context, const std::string& set, const Error& error) {
  context.out.event("run.finished", JsonObject().add("set", set).add("status", "failed"));
  context.out.warn("holdfast: " + error.message() + (error.hint().empty() ? "" : "\nhint: " + error.hint()));
  return JsonObject()
      .add("set", set)
      .add("status", "failed")
      .add("error", error_document(error, exit_code(error.code())));
}

void warn_of_domains(Context& context, const Settings& settings) {
  if (!settings.has_copies) return;
  for (const std::string& warning : policy_domain_warnings(context.program.fs, *settings.config))
    context.out.remark("warning: " + warning);
}

struct SetRun {
  JsonObject document;
  Exit exit = Exit::Done;
};

Result<SetRun> run_set(Context& context, const Settings& settings, OpenCopies& copies, SetPlan plan) {
  const std::string set = plan.set;
  SetCopies chosen = HF_TRY(copies_of_set(settings, copies, set).during("backup of set " + printable(set)));
  if (context.args.has("dry-run")) {
    Result<JsonObject> rehearsed = rehearse_backup(context, **chosen.first, plan);
    if (!rehearsed.ok()) return as_failure(std::move(rehearsed).error());
    return SetRun{.document = std::move(rehearsed).value()};
  }
  catch_up(context, set, chosen);
  const BackupOutcome outcome =
      HF_TRY(back_up(context, **chosen.first, std::move(plan)).during("backup of set " + printable(set)));
  SetRun run{.document = backup_document(outcome, context.out.is_verbose())};
  const std::vector<SyncedCopy> copied = copy_point(context, settings, set, chosen);
  if (settings.has_copies) run.document.add("copies", copies_document(copied).json());
  run.exit = outcome.point.manifest.status == PointStatus::Complete ? exit_of(copied) : Exit::Partial;
  return run;
}

// Of two sets': a failure before what is done but incomplete, and that before what is done and lags. Of failures the
// first.
Exit worse_of(Exit one, Exit other) {
  const auto rank = [](Exit exit) {
    return exit == Exit::Done ? 0 : exit == Exit::Missed ? 1 : exit == Exit::Partial ? 2 : 3;
  };
  return rank(other) > rank(one) ? other : one;
}

Result<Exit> run_verb(Context& context) {
  if (const std::string kind = context.args.text("kind", "full"); kind != "full")
    return Error(Code::Invalid, "this version makes backups of kind full only")
        .with_hint("leave --kind out: unchanged data is never stored twice");
  const Settings settings = HF_TRY(load_settings(context));
  HF_TRY(parse_tags(context.args.all("tag")));
  std::vector<SetPlan> plans = HF_TRY(plan_backup(context, settings));
  start_sources(plans.front());
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  warn_of_domains(context, settings);
  Exit exit = Exit::Done;
  std::vector<JsonObject> documents;
  for (SetPlan& plan : plans) {
    if (&plan != &plans.front()) start_sources(plan);
    const std::string set = plan.set;
    Result<SetRun> run = run_set(context, settings, copies, std::move(plan));
    if (!run.ok()) {
      const bool is_last_word = plans.size() == 1 || context.args.has("dry-run");
      if (is_last_word || run.error().code() == Code::Cancelled) return std::move(run).error();
      // The other sets can still be saved.
      documents.push_back(show_failed_set(context, set, run.error()));
      exit = worse_of(exit, exit_code(run.error().code()));
      continue;
    }
    documents.push_back(std::move(run.value().document));
    exit = worse_of(exit, run.value().exit);
  }
  if (context.args.has("perf")) {
    print_perf(context.out, context.program.meter);
    documents.back().add("perf", perf_document(context.program.meter).json());
  }
  if (documents.size() == 1) {
    context.out.document(documents.front());
    return exit;
  }
  JsonArray runs;
  for (const JsonObject& document : documents) runs.add(document);
  context.out.document(JsonObject().add("runs", runs.json()));
  return exit;
}

}  // namespace

Verb backup_verb() {
  return {
      .name = "backup",
      .summary = "Back up now",
      .description =
          "Makes one restore point of each set: sets of the configuration by name (none named: all), or sources named "
          "here "
          "as KIND:WHAT, which need no configuration. The point exists only when all of it is safely stored; data that "
          "is in the repository already is not stored again. What is interrupted keeps its work: the same command goes "
          "on "
          "from there. Where a set has both, a files source leaves databases to their sqlite source. Exit code 3: some "
          "files could not be read, and the point is partial. --emergency is for the minute before something "
          "dangerous, "
          "or while things go down: a source that fails does not keep the others from being saved; the point names it "
          "and why, and is then partial and not taken for the whole set. Such a point stays, whatever the keep rules, "
          "until prune --forget names it. With several targets the point is made in the first that "
          "can be reached, then copied to the others; exit code 4: a copy lags, and `target sync` brings it up to "
          "date.",
      .arguments = {{"SET|SOURCE",
                     "a set of the configuration, or files:PATH, sqlite:FILE, postgres:service=NAME, "
                     "command:'PROGRAM ARGUMENTS'",
                     ArgumentSpec::Count::Any,
                     {},
                     ArgumentSpec::Completes::Sets}},
      .options = {{"set", "", "NAME", "the set that sources named here belong to (default: default)"},
                  {"source", "", "NAME",
                   "only this source of the sets; the point says so, and is not taken for the whole set", true},
                  {"emergency", "", "",
                   "save what can be saved now, name what fails, and keep the point until it is removed by name"},
                  {"exclude", "", "RULE", "leave out of files: sources, as in a .gitignore", true},
                  {"tag", "", "NAME=VALUE", "kept with the point", true},
                  {"kind", "", "KIND",
                   "full, which is the only one in this version: unchanged data is never stored twice"},
                  {"dry-run", "", "", "show what would be read; nothing is written"},
                  {"perf", "", "", "a table of what each stage did"}},
      .examples = {"holdfast backup",
                   "holdfast backup --repo /backup/repo --passphrase-file /etc/holdfast/passphrase files:/srv/uploads "
                   "sqlite:/srv/app.db",
                   "holdfast backup --emergency web --tag before=release-1.4 -o json"},
      .run = run_verb};
}

}  // namespace hf
