#include "app/restore_steps.h"

#include "app/backup_report.h"
#include "app/choose.h"
#include "app/point_text.h"
#include "base/text.h"

namespace hf {
namespace {

JsonObject preview_document(const Point& point, const RestoreRequest& request, const RestorePreview& preview) {
  JsonObject body;
  body.add("dry_run", true).add("point", point.id.hex()).add("environment", request.destination);
  body.add("files_new", preview.files_new)
      .add("files_changed", preview.files_changed)
      .add("files_same", preview.files_same);
  body.add("removed", preview.removed)
      .add("bytes_to_write", preview.bytes_to_write)
      .add("space_free", preview.space_free);
  return body;
}

// What people type to show that they mean this directory.
Result<std::string> name_of_destination(Fs& fs, const std::string& destination) {
  const std::string path = HF_TRY(fs.absolute(destination));
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.empty())
    return Error(Code::Refused, "the root directory is never cleaned").with_hint("restore into a directory below it");
  return name;
}

std::string losses(const RestorePreview& preview, const std::string& destination) {
  return "in " + printable(destination) + ", " + format_count(preview.files_changed) + " files will be replaced and " +
         format_count(preview.removed) + " files and directories removed for good";
}

}  // namespace

void show_preview(Out& out, const Point& point, const RestoreRequest& request, const RestorePreview& preview) {
  out.print("point " + shown_id(point.id) + " of " + printable(point.manifest.set) + only_text(point.manifest) + ", " +
            format_time_rfc3339(point.manifest.started) + ", into " + printable(request.destination) + ":");
  out.print("  new files       " + format_count(preview.files_new));
  out.print("  changed files   " + format_count(preview.files_changed));
  out.print("  same files      " + format_count(preview.files_same));
  out.print("  removed         " + format_count(preview.removed));
  out.print("  bytes to write  " + format_bytes(preview.bytes_to_write) +
            " (free: " + format_bytes(preview.space_free) + ")");
  if (preview.bytes_to_write > preview.space_free) out.warn("there is not enough space");
  out.document(preview_document(point, request, preview));
}

Status confirm_clean(Context& context, Repository& repository, const Point& point, const RestoreRequest& request) {
  const std::string name = HF_TRY(name_of_destination(context.program.fs, request.destination));
  const std::string confirmed = context.args.text("confirm");
  const bool unattended = context.args.has("yes") && !confirmed.empty();
  if (!unattended && !context.program.terminal.is_interactive())
    return Error(Code::Refused, "--clean removes files, and nobody is here to ask")
        .with_hint("look with --dry-run, then add: --yes --confirm " + printable(name));
  if (unattended && confirmed != name)
    return Error(Code::Refused, "--confirm " + printable(confirmed) + " is not the name of the directory")
        .with_hint("it is " + printable(name));
  const RestorePreview preview = HF_TRY(preview_restore(repository, point, request, context.program.stop));
  context.out.warn(losses(preview, request.destination));
  if (unattended || preview.removed + preview.files_changed == 0) return {};
  const std::string typed = HF_TRY(context.program.terminal.ask_line(
      "Type the directory's name (" + printable(name) + ") to go on: ", context.program.stop));
  if (typed != name) return Error(Code::Refused, "that is not the directory's name; nothing was changed");
  return {};
}

void tell_restored(Out& out, const RestoredSource& source) {
  const bool whole = source.complete && source.problem_count == 0;
  out.event("step.finished", JsonObject()
                                 .add("step", source.name)
                                 .add("status", whole ? "complete" : "partial")
                                 .add("files", source.files)
                                 .add("bytes", source.bytes)
                                 .add("bytes_written", source.bytes_written)
                                 .add("problem_count", source.problem_count)
                                 .add("seconds", Json::seconds(source.took)));
}

// Something may be lost, and the rest comes back; where all is lost, nothing was restored.
Status check_any_restored(const Point& point, const RestoreOutcome& outcome) {
  const RestoredSource* lost = nullptr;
  for (const RestoredSource& source : outcome.sources) {
    if (source.entries > 0 || source.problem_count == 0) return {};
    lost = &source;
  }
  if (lost == nullptr || lost->problems.empty()) return {};
  return Error(Code::Corrupt, "nothing of point " + shown_id(point.id) + " could be restored: source " + lost->name +
                                  ": " + lost->problems.front().what)
      .with_hint("holdfast check says what is damaged; holdfast list shows other points");
}

Result<Exit> show_restored(Context& context, const Point& point, const RestoreRequest& request,
                           const RestoreOutcome& outcome, Duration rto) {
  Out& out = context.out;
  HF_TRY(check_any_restored(point, outcome));
  JsonArray sources;
  bool complete = outcome.complete();
  for (const RestoredSource& source : outcome.sources) {
    const bool whole = source.complete && source.problem_count == 0;
    complete = complete && whole;
    JsonObject one;
    one.add("name", source.name)
        .add("status", whole ? "complete" : "partial")
        .add("path", source.path)
        .add("bytes", source.bytes);
    one.add("files", source.files).add("bytes_written", source.bytes_written).add("removed", source.removed);
    if (source.rows > 0) one.add("rows", source.rows);
    one.add("problems", problems_document(source.problems, out.is_verbose()).json())
        .add("problem_count", source.problem_count);
    one.add("notes", problems_document(source.notes, out.is_verbose()).json());
    sources.add(one);
    std::string line =
        "  " + printable(source.name) + ": " + format_count(source.files) + " files, " + format_bytes(source.bytes);
    if (source.bytes_written != source.bytes) line += ", written " + format_bytes(source.bytes_written);
    if (source.removed > 0) line += ", removed " + format_count(source.removed);
    if (source.rows > 0) line += ", " + format_count(source.rows) + " rows";
    out.say(line + ", in " + printable(source.path));
    if (!source.problems.empty()) out.warn("not restored:");
    print_problems(out, source.name, source.problems, source.problem_count);
    if (!source.notes.empty() && !out.is_quiet()) {
      out.warn("notes:");
      print_problems(out, source.name, source.notes, source.notes.size());
    }
  }
  const Duration rpo = context.program.clock.wall() - point.manifest.started;
  out.say("restored point " + shown_id(point.id) + " of " + printable(point.manifest.set) + only_text(point.manifest) +
          ", " + format_time_rfc3339(point.manifest.started) + " (" + format_duration(rpo) + " ago), in " +
          format_duration(rto));
  if (point.manifest.status == PointStatus::Partial)
    out.warn("note: the point itself is partial: holdfast show " + shown_id(point.id));
  out.event("run.finished", JsonObject().add("status", complete ? "complete" : "partial"));
  out.document(JsonObject()
                   .add("point", point.id.hex())
                   .add("set", point.manifest.set)
                   .add("kind", point.manifest.kind)
                   .add("environment", request.destination)
                   .add("status", complete ? "complete" : "partial")
                   .add("seconds", Json::seconds(outcome.took))
                   .add("sources", sources.json())
                   .add("rpo_actual_seconds", Json::seconds(rpo))
                   .add("rto_actual_seconds", Json::seconds(rto)));
  return complete ? Exit::Done : Exit::Partial;
}

}  // namespace hf
