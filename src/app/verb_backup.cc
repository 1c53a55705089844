#include "app/backup_plan.h"
#include "app/backup_report.h"
#include "app/choose.h"
#include "app/copy_sync.h"
#include "app/dry_backup.h"
#include "app/help.h"
#include "app/point_cache.h"
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
  context.out.event("run.finished",
                    JsonObject().add("point", outcome.value().point.id.hex()).add("status", name_of(manifest.status)));
  print_backup(context.out, outcome.value());
  remember_point(context, repository.store().describe(), outcome.value().point);
  return outcome;
}

bool stops_all(const Error& error) {
  return error.code() == Code::Cancelled || error.code() == Code::KeyMissing;
}

JsonObject show_failed_set(Context& context, const std::string& set, const Error& error) {
  context.out.event("run.finished", JsonObject().add("set", set).add("status", "failed"));
  context.out.warn("holdfast: " + error.message() + (error.hint().empty() ? "" : "\nhint: " + error.hint()));
  return JsonObject()
      .add("set", set)
      .add("status", "failed")
      .add("error", error_document(error, exit_code(error.code())));
}

Result<JsonObject> rehearse(Context& context, Repository& repository, SetPlan& plan) {
  std::optional<Point> base = HF_TRY(newest_point(repository, plan.set));
  JsonArray sources;
  uint64_t bytes = 0;
  for (size_t i = 0; i < plan.sources.size(); ++i) {
    if (base && !has_source(base->manifest, plan.planned[i].name))
      base = HF_TRY(newest_point_with(repository, plan.set, plan.planned[i].name));
    Result<DrySource> looked =
        dry_backup(repository, plan.planned[i], *plan.sources[i].source, base ? &*base : nullptr, context.program.stop);
    if (!looked.ok()) return as_failure(std::move(looked).error());
    const DrySource& source = looked.value();
    bytes += source.bytes_to_read;
    std::string line = "  " + printable(source.name) + " (" + source.kind + "): ";
    if (source.entries > 0)
      line += format_count(source.files) + " files, " + format_bytes(source.bytes) + "; would read " +
              format_count(source.files_to_read) + " files, " + format_bytes(source.bytes_to_read);
    context.out.print(line +
                      (source.remark.empty() ? "" : (source.entries > 0 ? "; " : "") + printable(source.remark)));
    print_problems(context.out, source.name, source.problems, source.problems.size());
    sources.add(JsonObject()
                    .add("name", source.name)
                    .add("kind", source.kind)
                    .add("files", source.files)
                    .add("bytes", source.bytes)
                    .add("files_to_read", source.files_to_read)
                    .add("bytes_to_read", source.bytes_to_read)
                    .add("problems", problems_document(source.problems, context.out.is_verbose()).json()));
  }
  context.out.print("set " + printable(plan.set) + (plan.is_selected ? ", only the sources above" : "") +
                    ": would read " + format_bytes(bytes) + (base ? ", against point " + shown_id(base->id) : "") +
                    "; nothing was written");
  return JsonObject()
      .add("dry_run", true)
      .add("set", plan.set)
      .add("base", base ? Json(base->id.hex()) : Json())
      .add("bytes_to_read", bytes)
      .add("sources", sources.json());
}

// Where the point of a set goes, first of all, and where else.
struct SetCopies {
  OpenCopy* first = nullptr;
  std::vector<OpenCopy*> others;
  std::vector<SyncedCopy> closed;
};

Result<SetCopies> copies_of_set(const Settings& settings, OpenCopies& copies, const std::string& set) {
  SetCopies chosen;
  if (!settings.has_copies) {
    chosen.first = &copies.open.front();
    return chosen;
  }
  for (const std::string& name : copies_of(*settings.config, set)) {
    OpenCopy* copy = copies.find(name);
    if (copy != nullptr && chosen.first == nullptr)
      chosen.first = copy;
    else if (copy != nullptr)
      chosen.others.push_back(copy);
    for (const ClosedCopy& closed : copies.closed)
      if (closed.target.name == name) chosen.closed.push_back(not_usable(closed));
  }
  if (chosen.first == nullptr)
    return Error(Code::Unavailable, "no copy of set " + printable(set) + " can be used" +
                                        (chosen.closed.empty() ? "" : ": " + chosen.closed.front().error->message()));
  return chosen;
}

// So that a number of the chain is not taken a second time: what another copy got while this one was out of reach.
void catch_up(Context& context, const std::string& set, SetCopies& chosen) {
  for (OpenCopy* other : chosen.others) {
    SyncedCopy synced{.target = chosen.first->target.name};
    sync_copy(context, *other, *chosen.first, {.sets = std::set<std::string>{set}}, synced);
    if (synced.copied.points + synced.keys_added > 0 || synced.state != CopyState::Complete)
      print_copies(context.out, {&synced, 1}, false);
  }
}

std::vector<SyncedCopy> copy_point(Context& context, const std::string& set, SetCopies& chosen) {
  std::vector<SyncedCopy> all;
  all.push_back({.target = chosen.first->target.name});
  for (OpenCopy* other : chosen.others) {
    SyncedCopy synced{.target = other->target.name};
    sync_copy(context, *chosen.first, *other, {.sets = std::set<std::string>{set}}, synced);
    all.push_back(std::move(synced));
  }
  for (SyncedCopy& closed : chosen.closed) all.push_back(std::move(closed));
  return all;
}

void warn_of_domains(Context& context, const Settings& settings) {
  if (!settings.has_copies) return;
  for (const std::string& warning : policy_domain_warnings(context.program.fs, *settings.config))
    context.out.remark("warning: " + warning);
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
    Result<SetCopies> found = copies_of_set(settings, copies, set);
    if (context.args.has("dry-run")) {
      SetCopies chosen = HF_TRY(std::move(found));
      documents.push_back(HF_TRY(rehearse(context, **chosen.first, plan)));
      continue;
    }
    if (found.ok()) catch_up(context, set, found.value());
    Result<BackupOutcome> outcome = found.ok() ? back_up(context, **found.value().first, std::move(plan))
                                               : Result<BackupOutcome>(found.error().clone());
    outcome = std::move(outcome).during("backup of set " + printable(set));
    if (!outcome.ok()) {
      if (plans.size() == 1 || stops_all(outcome.error())) return std::move(outcome).error();
      // The other sets can still be saved.
      documents.push_back(show_failed_set(context, set, outcome.error()));
      if (exit == Exit::Done || exit == Exit::Partial || exit == Exit::Missed) exit = exit_code(outcome.error().code());
      continue;
    }
    documents.push_back(backup_document(outcome.value(), context.out.is_verbose()));
    const bool is_complete = outcome.value().point.manifest.status == PointStatus::Complete;
    if (!is_complete && (exit == Exit::Done || exit == Exit::Missed)) exit = Exit::Partial;
    if (!settings.has_copies) continue;
    const std::vector<SyncedCopy> copied = copy_point(context, set, found.value());
    print_copies(context.out, copied, false);
    documents.back().add("copies", copies_document(copied).json());
    if (exit == Exit::Done) exit = exit_of(copied);
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
          "files could not be read, and the point is partial. With several targets the point is made in the first that "
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
                  {"exclude", "", "RULE", "leave out of files: sources, as in a .gitignore", true},
                  {"tag", "", "NAME=VALUE", "kept with the point", true},
                  {"kind", "", "KIND",
                   "full, which is the only one in this version: unchanged data is never stored twice"},
                  {"dry-run", "", "", "show what would be read; nothing is written"},
                  {"perf", "", "", "a table of what each stage did"}},
      .examples = {"holdfast backup",
                   "holdfast backup --repo /backup/repo --passphrase-file /etc/holdfast/passphrase files:/srv/uploads "
                   "sqlite:/srv/app.db",
                   "holdfast backup web --tag release=1.4 -o json"},
      .run = run_verb};
}

}  // namespace hf
