#include <algorithm>

#include "app/backup_report.h"
#include "app/choose.h"
#include "app/gpg_options.h"
#include "app/help.h"
#include "app/kinds.h"
#include "app/point_cache.h"
#include "app/point_text.h"
#include "app/scratch.h"
#include "app/set_copies.h"
#include "app/verbs.h"
#include "base/text.h"
#include "exchange/import.h"

namespace hf {
namespace {

constexpr const char* set_default = "imported";

Status fill_request(Context& context, ImportRequest& request) {
  const std::string kind = context.args.text("kind", "auto");
  const std::optional<ImportKind> known = parse_import_kind(kind);
  if (!known) return Error(Code::Invalid, "--kind takes one of " + import_kinds());
  request.kind = *known;
  request.path = context.args.text("FILE|DIR");
  request.standard_input = [&](BytesSpan out) { return context.program.terminal.read(out); };
  request.source = context.args.text("source");
  if (!request.source.empty() && (request.source.find('/') != std::string::npos || !is_valid_path(request.source)))
    return Error(Code::Invalid, "--source is not a name");
  request.allow_unsigned = context.args.has("unsigned");
  request.signed_by = context.args.text("signed-by");
  if (!request.signed_by.empty() && !is_fingerprint(request.signed_by))
    return Error(Code::Invalid, "--signed-by takes a whole fingerprint: 40 hex digits")
        .with_hint("gpg --fingerprint shows them");
  request.gpg = gpg_options(context);
  request.scratch = HF_TRY(scratch_directory(context, context.args.text("in")));
  request.kinds = source_kinds();
  return {};
}

// A point of the past must not become the newest of a set that goes on.
Status check_set(const SetCopies& chosen, const std::string& set, WallTime time) {
  std::optional<Point> newest = HF_TRY(newest_point(**chosen.first, set));
  for (OpenCopy* other : chosen.others) {
    // What cannot be read there is told when the point is copied.
    Result<std::optional<Point>> there = newest_point(**other, set);
    if (!there.ok() || !there.value()) continue;
    if (!newest || newest->manifest.finished < there.value()->manifest.finished) newest = std::move(there).value();
  }
  if (!newest || newest->manifest.finished <= time) return {};
  return Error(Code::Refused, "set " + printable(set) + " has a point of " + time_text(newest->manifest.finished) +
                                  ", which is later than what is imported, of " + time_text(time))
      .with_hint("--as-set NAME puts it in a set of its own; several are imported the oldest first");
}

std::map<std::string, std::string> make_tags(const Import& import, const std::string& path) {
  std::map<std::string, std::string> tags;
  if (import.manifest()) {
    tags = import.manifest()->tags;
    tags["imported_point"] = import.manifest()->point;
    tags["imported_set"] = import.manifest()->set;
  }
  tags["imported"] = path == "-" ? "standard input" : printable(path.substr(path.rfind('/') + 1));
  if (import.signature()) tags["signed_by"] = import.signature()->primary;
  return tags;
}

Result<Exit> rehearse(Context& context, Import& import, const std::string& set) {
  JsonArray sources;
  context.out.print("would import into set " + printable(set) + ", as of " + time_text(import.time()) + ":");
  for (const NamedSource& source : import.take_sources()) {
    context.out.print("  " + printable(source.name) + " (" + source.kind + ")");
    sources.add(JsonObject().add("name", source.name).add("kind", source.kind));
  }
  context.out.print("nothing was written");
  context.out.document(JsonObject()
                           .add("dry_run", true)
                           .add("set", set)
                           .add("time", Json::time(import.time()))
                           .add("signed_by", import.signature() ? Json(import.signature()->primary) : Json())
                           .add("sources", sources.json()));
  return Exit::Done;
}

Result<BackupOutcome> make_point(Context& context, Repository& repository, Import& import, const std::string& set,
                                 WallTime taken, const std::string& path) {
  context.out.event("run.started", JsonObject().add("verb", "import").add("set", set));
  BackupRequest backup{.set = set,
                       .sources = import.take_sources(),
                       .tags = make_tags(import, path),
                       .host = import.manifest() ? import.manifest()->host : context.program.host,
                       .version = program_version(),
                       .taken = taken};
  backup.pipeline.workers = context.program.processors;
  backup.progress = [&](const BackupProgress& state) {
    context.progress.update(
        {.doing = "import " + state.source, .bytes = state.capture.bytes, .entries = state.capture.entries});
  };
  Result<BackupOutcome> imported = run_backup(repository, std::move(backup), context.program.stop);
  context.progress.clear();
  const Status removed = import.finish();
  BackupOutcome outcome = HF_TRY(std::move(imported));
  if (!removed.ok()) context.out.warn("note: the scratch directory is left: " + removed.error().message());
  if (import.signature())
    context.out.say("signed by " + import.signature()->primary);
  else
    context.out.say("not signed: whether it is what it says is not known");
  print_backup(context.out, outcome);
  remember_point(context, repository.store().describe(), outcome.point);
  return outcome;
}

Result<Exit> run_verb(Context& context) {
  ImportRequest request;
  HF_TRY(fill_request(context, request));
  const std::string path = request.path;
  const std::string set = context.args.text("as-set", set_default);
  if (set.empty()) return Error(Code::Invalid, "--as-set is empty");
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  SetCopies chosen = HF_TRY(copies_of_set(settings, copies, set));
  const SourceWorld world = source_world(context, settings);
  context.progress.update({.doing = "read " + printable(path)});
  const std::unique_ptr<Import> import = HF_TRY(Import::open(world, std::move(request), context.program.stop));
  // A manifest may say anything; no point is of the future.
  const WallTime taken = std::min(import->time(), context.program.clock.wall());
  HF_TRY(check_set(chosen, set, taken));
  if (context.args.has("dry-run")) return rehearse(context, *import, set);
  catch_up(context, set, chosen);
  const BackupOutcome outcome = HF_TRY(make_point(context, **chosen.first, *import, set, taken, path));
  const Json signed_by = import->signature() ? Json(import->signature()->primary) : Json();
  JsonObject document = backup_document(outcome, context.out.is_verbose());
  document.add("signed_by", signed_by);
  const std::vector<SyncedCopy> copied = copy_point(context, settings, set, chosen);
  if (settings.has_copies) document.add("copies", copies_document(copied).json());
  context.out.document(document);
  return outcome.point.manifest.status == PointStatus::Complete ? exit_of(copied) : Exit::Partial;
}

}  // namespace

Verb import_verb() {
  return {
      .name = "import",
      .summary = "Make a point of files that an export or other tools made",
      .description =
          "Reads what `holdfast export` wrote, in each format; an archive of pg_dump -Fc; a plain SQL dump; a tar "
          "file, "
          "compressed or not; a SQLite database; or a directory of such files. - is standard input. What it is shows "
          "in "
          "its first bytes, or --kind says it. A message of gpg must bear a good signature by a key that gpg trusts, "
          "or by "
          "the key that --signed-by names; nothing in it is looked at before. SQL with commands for psql is refused. "
          "The "
          "point is of the time that the export's manifest, or else the file, gives, and says in its tags where it "
          "came "
          "from, and goes to every copy of its set. Prove it with holdfast verify. Exit codes: 12: the signature is "
          "bad, missing or by another key; 3: the exported point was partial, so this one is; 4: a copy lags, and "
          "target sync brings it up to date.",
      .arguments = {{"FILE|DIR",
                     "what to import; - is standard input",
                     ArgumentSpec::Count::One,
                     {},
                     ArgumentSpec::Completes::Files}},
      .options = {{"as-set", "", "NAME", "the set that the point belongs to (default: imported)"},
                  {"source", "", "NAME", "the source's name, if there is one source (default: from the file's name)"},
                  {"kind", "", "KIND", "auto (the default), dir, tar.gz, tar.gz.gpg, pg-custom, sql, sqlite or tar"},
                  {"unsigned", "", "", "accept a message that is not signed, or by a key that gpg does not trust"},
                  {"signed-by", "", "FINGERPRINT", "accept this signer alone"},
                  {"gpg-homedir", "", "DIR", "gpg's directory; else $GNUPGHOME, ~/.gnupg"},
                  {"gpg-passphrase-file", "", "FILE", "the decrypting key's passphrase; else gpg's agent asks for it"},
                  {"in", "", "DIR", "scratch directory for what must be put aside (default: $TMPDIR, /tmp)"},
                  {"dry-run", "", "", "say what would be imported; nothing is written to the repository"}},
      .examples = {"holdfast import backup.tar.gz.gpg --as-set web",
                   "holdfast import /mnt/usb/postgres.dump --source shop",
                   "holdfast import - --source shop < shop.dump"},
      .run = run_verb};
}

}  // namespace hf
