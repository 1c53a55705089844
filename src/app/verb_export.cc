#include "app/backup_report.h"
#include "app/choose.h"
#include "app/gpg_options.h"
#include "app/point_text.h"
#include "app/session.h"
#include "app/verbs.h"
#include "base/text.h"
#include "exchange/export.h"

namespace hf {
namespace {

Status set_format(Context& context, ExportRequest& request) {
  const std::string destination = context.args.text("DIR|FILE");
  std::string name = context.args.text("format");
  if (name.empty())
    name = destination.ends_with(".gpg") ? "tar.gz.gpg" : destination.ends_with(".tar.gz") ? "tar.gz" : "";
  if (name.empty())
    return Error(Code::Invalid, "in which format?")
        .with_hint("--format dir, tar.gz or tar.gz.gpg (encrypted and signed)");
  const std::optional<ExportFormat> format = parse_export_format(name);
  if (!format) return Error(Code::Invalid, "--format takes dir, tar.gz or tar.gz.gpg");
  request.format = *format;
  return {};
}

Result<ExportRequest> make_request(Context& context) {
  ExportRequest request{.destination = context.args.text("DIR|FILE"),
                        .sources = context.args.all("source"),
                        .gpg = gpg_options(context),
                        .process = &context.program.process};
  HF_TRY(set_format(context, request));
  const bool has_gpg = request.format == ExportFormat::TarGzGpg;
  if (has_gpg && request.gpg.recipients.empty())
    return Error(Code::Invalid, "to whom shall it be encrypted?")
        .with_hint("--recipient KEY, once for each who shall be able to open it");
  for (const char* flag : {"recipient", "sign-with"})
    if (context.args.has(flag) && !has_gpg)
      return Error(Code::Invalid, "--" + std::string(flag) + " is for --format tar.gz.gpg");
  return request;
}

Result<Exit> rehearse(Context& context, Repository& repository, const Point& point, const ExportRequest& request) {
  const ExportPlanOptions options{.sources = request.sources, .is_seekable = request.format == ExportFormat::Directory};
  JsonArray files;
  context.out.print("would export point " + shown_id(point.id) + " of " + printable(point.manifest.set) + " to " +
                    printable(request.destination) + ":");
  auto planned = plan_export(repository, point, options, context.program.stop);
  if (!planned.ok()) return std::move(planned).error();
  for (const auto& file : planned.value()) {
    const std::optional<uint64_t> size = file->size();
    context.out.print("  " + printable(file->about.path) + (size ? ", " + format_bytes(*size) : ""));
    files.add(JsonObject()
                  .add("path", file->about.path)
                  .add("source", file->about.source)
                  .add("bytes", size ? Json(*size) : Json()));
  }
  context.out.print("nothing was written");
  context.out.document(JsonObject().add("dry_run", true).add("point", point.id.hex()).add("files", files.json()));
  return Exit::Done;
}

// As soon as it is known: the export itself may fail.
void tell(Context& context, const std::string& destination, const Remains& remains) {
  const size_t slash = destination.rfind('/');
  const std::string beside = slash == destination.npos ? "" : destination.substr(0, slash + 1);
  for (const std::string& name : remains.removed)
    context.out.remark("removed what an export that was killed had left: " + printable(beside + name));
  for (const std::string& name : remains.left)
    context.out.warn("left alone, of an export by another machine or before a restart: " + printable(beside + name) +
                     "; if none is running, remove it");
}

void show(Context& context, const ExportRequest& request, const ExportOutcome& outcome, const Remains& remains,
          Duration took) {
  JsonArray files, removed;
  for (const std::string& name : remains.removed) removed.add(Json(name));
  for (const ExportedFile& file : outcome.manifest.files) {
    context.out.say("  " + printable(file.path) + ", " + format_bytes(file.bytes));
    files.add(JsonObject()
                  .add("path", file.path)
                  .add("source", file.source)
                  .add("bytes", file.bytes)
                  .add("sha256", file.sha256));
  }
  JsonArray sources;
  for (const SourceRecord& source : outcome.manifest.sources) {
    sources.add(JsonObject()
                    .add("name", source.name)
                    .add("kind", source.kind)
                    .add("status", source.complete ? "complete" : "partial"));
    if (!source.complete) {
      context.out.warn("source " + printable(source.name) + " is partial: the point does not have all of it");
      print_problems(context.out, source.name, source.problems, source.problem_count);
    }
  }
  context.out.say("exported to " + printable(request.destination) + ", " + format_bytes(outcome.bytes) + ", " +
                  format_duration(took) + (outcome.manifest.complete ? "" : "; what the point lacks is named above"));
  context.out.document(JsonObject()
                           .add("point", outcome.manifest.point)
                           .add("set", outcome.manifest.set)
                           .add("status", outcome.manifest.complete ? "complete" : "partial")
                           .add("path", request.destination)
                           .add("bytes", outcome.bytes)
                           .add("seconds", Json::seconds(took))
                           .add("sources", sources.json())
                           .add("files", files.json())
                           .add("remains_removed", removed.json()));
}

Result<Exit> run_verb(Context& context) {
  const MonoTime begin = context.program.clock.mono();
  Result<ExportRequest> made = make_request(context);
  if (!made.ok()) return std::move(made).error();
  ExportRequest& request = made.value();
  const OpenRepository opened = HF_TRY(open_repository(context));
  const Point point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT"), request.sources));
  if (context.args.has("dry-run")) return rehearse(context, *opened, point, request);
  context.out.event("run.started", JsonObject().add("verb", "export").add("point", point.id.hex()));
  request.progress = [&, total = bytes_of(point.manifest)](const std::string& file, uint64_t bytes) {
    context.progress.update({.doing = "export " + file, .bytes = bytes, .bytes_total = total});
  };
  Remains remains;
  request.on_remains = [&](const Remains& found) {
    remains = found;
    tell(context, request.destination, found);
  };
  Result<ExportOutcome> exported = export_point(*opened, point, request, context.program.stop);
  context.progress.clear();
  const ExportOutcome outcome = HF_TRY(std::move(exported));
  context.out.event("run.finished", JsonObject().add("status", outcome.manifest.complete ? "complete" : "partial"));
  show(context, request, outcome, remains, context.program.clock.mono() - begin);
  return outcome.manifest.complete ? Exit::Done : Exit::Partial;
}

}  // namespace

Verb export_verb() {
  return {
      .name = "export",
      .summary = "Write a point as files that other tools restore",
      .description =
          "dir: a directory with postgres.dump (for pg_restore), globals.sql (for psql), SOURCE.tar.gz for files, "
          "SQLite "
          "databases as they are, the output of commands, manifest.json and SHA256SUMS. tar.gz: the same in one file. "
          "tar.gz.gpg: that file, encrypted and signed by gpg with keys of your keyring. docs/EXCHANGE.md tells how to "
          "restore each with stock tools. It is written under a temporary name, so what has its name is whole; nothing "
          "is "
          "ever replaced. What a killed export to the same place left under a temporary name is removed by the next "
          "one. Exit code 3: the point is partial, and so is the export.",
      .arguments = {{"SET|POINT",
                     "latest, a set (its newest point), or the first digits of a point",
                     ArgumentSpec::Count::One,
                     {},
                     ArgumentSpec::Completes::Points},
                    {"DIR|FILE",
                     "where to; nothing may be there",
                     ArgumentSpec::Count::One,
                     {},
                     ArgumentSpec::Completes::Files}},
      .options = {{"format", "", "FORMAT", "dir, tar.gz or tar.gz.gpg; else by the name's end"},
                  {"source", "", "NAME", "only this source", true},
                  {"recipient", "", "KEY", "encrypt to this key of the keyring, best named by its fingerprint", true},
                  {"sign-with", "", "KEY", "sign with this key (default: gpg's own default)"},
                  {"gpg-homedir", "", "DIR", "gpg's directory; else $GNUPGHOME, ~/.gnupg"},
                  {"gpg-passphrase-file", "", "FILE", "the signing key's passphrase; else gpg's agent asks for it"},
                  {"dry-run", "", "", "show what would be written; nothing is"}},
      .examples = {"holdfast export latest /mnt/usb/backup-20261121 --format dir",
                   "holdfast export web backup.tar.gz.gpg --recipient backup@example.org --sign-with ops@example.org",
                   "holdfast export 3fa9c01b22 uploads.tar.gz --source uploads"},
      .run = run_verb};
}

}  // namespace hf
