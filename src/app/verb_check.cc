#include "app/session.h"
#include "app/verbs.h"
#include "base/text.h"
#include "repo/check.h"
#include "repo/copy_keys.h"
#include "repo/points.h"
#include "sys/entry.h"

namespace hf {
namespace {

Result<double> share_to_read(const Arguments& args) {
  if (!args.has("read-data")) return 0.0;
  std::string text = args.text("read-data");
  if (!text.empty() && text.find('%') == text.npos) text += "%";
  return HF_TRY(parse_percent(text).during("--read-data")) / 100.0;
}

JsonObject outcome_document(const CheckOutcome& outcome, Duration took) {
  JsonArray findings;
  for (const Finding& finding : outcome.findings)
    findings.add(JsonObject()
                     .add("severity", finding.severity == Finding::Severity::Damage ? "damage" : "note")
                     .add("object", finding.object)
                     .add("message", finding.what)
                     .add("hint", finding.hint)
                     .add("points", json_list(finding.points))
                     .add("files", finding.file_count)
                     .add("first_files", json_list(finding.files)));
  JsonObject body;
  body.add("status", outcome.sound() ? "passed" : "failed")
      .add("seconds", Json::seconds(took))
      .add("repaired", outcome.repaired)
      .add("healed", outcome.healed)
      .add("packs_dropped", outcome.packs_dropped)
      .add("chunks_saved", outcome.chunks_saved);
  body.add("objects", outcome.objects)
      .add("packs", outcome.packs)
      .add("packs_read", outcome.packs_read)
      .add("bytes_read", outcome.bytes_read);
  body.add("points", outcome.points)
      .add("chunks", outcome.chunks)
      .add("packs_unreferenced", outcome.packs_unreferenced);
  body.add("bytes_unreferenced", outcome.bytes_unreferenced).add("points_damaged", json_list(outcome.points_damaged));
  return body.add("findings", findings.json());
}

void print_outcome(Out& out, const CheckOutcome& outcome, Duration took) {
  for (const Finding& finding : outcome.findings) {
    const bool is_damage = finding.severity == Finding::Severity::Damage;
    if (!is_damage && out.is_quiet()) continue;
    out.print((is_damage ? "DAMAGE  " : "note    ") + printable(finding.object) + ": " + printable(finding.what));
    if (!finding.hint.empty()) out.print("        hint: " + printable(finding.hint));
  }
  out.say(format_count(outcome.points, "point", "points") + ", " + format_count(outcome.chunks) + " chunks in " +
          format_count(outcome.packs) + " packs; read " + format_count(outcome.packs_read) + " packs, " +
          format_bytes(outcome.bytes_read) + "; " + format_duration(took));
  // While something is lost prune does not run.
  if (outcome.bytes_unreferenced > 0 && outcome.points_damaged.empty())
    out.say(format_bytes(outcome.bytes_unreferenced) + " are not needed any more: prune gives them back");
  if (outcome.packs_dropped > 0)
    out.say("repaired: " + format_count(outcome.packs_dropped, "pack", "packs") + " taken out of use, " +
            format_count(outcome.chunks_saved) + " chunks saved");
  else if (outcome.repaired && outcome.healed == 0)
    out.say("repaired: the index was written again");
  if (outcome.healed > 0)
    out.say("repaired: " + format_count(outcome.healed, "object", "objects") + " put back from another copy");
  if (!outcome.points_damaged.empty())
    out.print(format_count(outcome.points_damaged.size()) + " of " + format_count(outcome.points, "point", "points") +
              " cannot be restored in full");
  out.say(outcome.sound() ? "the repository is sound" : "the repository is DAMAGED");
}

// What --repair would mend: everything that check itself says it mends.
std::vector<std::string> repairable(const CheckOutcome& outcome) {
  std::vector<std::string> objects;
  for (const Finding& finding : outcome.findings)
    if (finding.is_repairable) objects.push_back(finding.object);
  return objects;
}

void print_repairable(Out& out, const std::vector<std::string>& objects) {
  if (objects.empty()) return out.print("--repair would write nothing; nothing was written");
  for (const std::string& object : objects) out.print("would be mended: " + printable(object));
  out.print("--repair would mend the index, and take damaged and missing packs out of use; nothing was written");
}

std::string read_data_flag(const Arguments& args) {
  return args.has("read-data") ? "--read-data " + args.text("read-data") + " " : "";
}

// --target: the others are there only to repair from.
bool is_wanted(Context& context, const std::string& name) {
  const std::string wanted = context.args.text("target");
  return wanted.empty() || wanted == name;
}

// Where there are points or data, there was a copy; an empty place is none to be mended.
Result<bool> was_copy(Store& store, const Deadline& deadline) {
  for (const std::string name : {"heads/", "packs/", "meta/"}) {
    bool any = false;
    const Status listed = store.list(
        name,
        [&](const ObjectInfo&) -> Status {
          any = true;
          return Error(Code::Cancelled, "one is enough");
        },
        deadline);
    if (!any) HF_TRY(listed.ok() ? Status() : Status(listed.error().clone()));
    if (any) return true;
  }
  return false;
}

struct CheckedCopy {
  JsonObject document;
  bool is_sound = false;
};

Result<CheckedCopy> check_copy(Context& context, Repository& repository, CheckRequest request, bool dry_run) {
  context.out.event("step.started", JsonObject().add("step", "check").add("copy", repository.copy()));
  request.progress = [&](uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = "check " + repository.copy(), .bytes = bytes, .bytes_total = bytes_total});
  };
  const MonoTime begin = context.program.clock.mono();
  Result<CheckOutcome> checked = check_repository(repository, request, context.program.stop);
  context.progress.clear();
  const CheckOutcome outcome = HF_TRY(std::move(checked));
  const Duration took = context.program.clock.mono() - begin;
  for (const Finding& finding : outcome.findings)
    context.out.event("check.result",
                      JsonObject()
                          .add("name", finding.object)
                          .add("status", finding.severity == Finding::Severity::Damage ? "failed" : "note")
                          .add("message", finding.what));
  context.out.event("step.finished", JsonObject()
                                         .add("step", "check")
                                         .add("copy", repository.copy())
                                         .add("status", outcome.sound() ? "passed" : "failed")
                                         .add("bytes", outcome.bytes_read)
                                         .add("seconds", Json::seconds(took)));
  print_outcome(context.out, outcome, took);
  CheckedCopy copy{.document = outcome_document(outcome, took), .is_sound = outcome.sound()};
  if (dry_run) {
    print_repairable(context.out, repairable(outcome));
    copy.document.add("dry_run", true).add("would_repair", json_list(repairable(outcome)));
  }
  return copy;
}

// A copy that cannot be opened because what opens it is damaged: the keys are those of the others.
Status mend_closed(Context& context, const Settings& settings, OpenCopies& copies) {
  for (auto closed = copies.closed.begin(); closed != copies.closed.end();) {
    const Result<std::unique_ptr<Store>> store = open_store(context, settings, closed->target, false);
    const bool may_be_copy = store.ok() && HF_TRY(was_copy(*store.value(), run_deadline(context)));
    if (!may_be_copy) {
      ++closed;
      continue;
    }
    const OpenCopy& front = copies.open.front();
    for (const std::string& object : HF_TRY(mend_keys(*front, *store.value())))
      context.out.print("note    " + object + " of copy " + closed->target.name + ": put back from copy " +
                        front.target.name);
    OpenCopy copy{.target = closed->target, .store = HF_TRY(open_store(context, settings, closed->target, false))};
    copy.repository = HF_TRY(Repository::open_copy(*front, *copy.store, copy.target.name));
    copies.open.push_back(std::move(copy));
    closed = copies.closed.erase(closed);
  }
  return {};
}

Exit show_unusable(Context& context, const ClosedCopy& closed, JsonArray& documents) {
  const Exit exit = closed.error.code() == Code::Corrupt ? Exit::VerifyFailed : Exit::Unreachable;
  const std::string mark = exit == Exit::VerifyFailed ? "DAMAGE  " : "";
  context.out.warn(mark + "copy " + closed.target.name + " was not checked: " + closed.error.message());
  if (exit == Exit::VerifyFailed) context.out.warn("hint: holdfast check --repair puts back what opens it");
  documents.add(JsonObject()
                    .add("target", closed.target.name)
                    .add("status", exit == Exit::VerifyFailed ? "failed" : "unreachable")
                    .add("message", closed.error.message()));
  return exit;
}

Result<Exit> check_copies(Context& context, const Settings& settings, OpenCopies& copies, CheckRequest request,
                          bool dry_run) {
  if (request.repair) HF_TRY(mend_closed(context, settings, copies));
  Exit exit = Exit::Done;
  JsonArray documents;
  for (OpenCopy& copy : copies.open) {
    const std::string& name = copy.target.name;
    if (!is_wanted(context, name)) continue;
    context.out.say("copy " + name + ":");
    request.peers.clear();
    for (OpenCopy& other : copies.open)
      if (&other != &copy) request.peers.push_back(other.repository.get());
    Result<CheckedCopy> checked = check_copy(context, *copy, request, dry_run);
    if (!checked.ok() && checked.error().code() == Code::Cancelled) return std::move(checked).error();
    if (!checked.ok()) {
      const ClosedCopy broken{.target = copy.target, .error = std::move(checked).error()};
      const Exit failed = show_unusable(context, broken, documents);
      if (exit != Exit::VerifyFailed) exit = failed;
      continue;
    }
    if (!checked.value().is_sound) exit = Exit::VerifyFailed;
    if (!checked.value().is_sound && !request.repair && !request.peers.empty())
      context.out.warn("hint: holdfast check " + read_data_flag(context.args) +
                       "--repair puts back what another copy has");
    documents.add(JsonObject().add("target", name).add_all(checked.value().document));
  }
  for (const ClosedCopy& closed : copies.closed) {
    if (!is_wanted(context, closed.target.name)) continue;
    const Exit failed = show_unusable(context, closed, documents);
    if (exit != Exit::VerifyFailed) exit = failed;
  }
  if (exit == Exit::Unreachable) context.out.warn("holdfast: a copy could not be checked");
  context.out.event("run.finished", JsonObject().add("status", exit == Exit::Done ? "passed" : "failed"));
  context.out.document(
      JsonObject().add("status", exit == Exit::Done ? "passed" : "failed").add("copies", documents.json()));
  return exit;
}

Result<Exit> run_verb(Context& context) {
  const bool dry_run = context.args.has("dry-run");
  const CheckRequest request{.read_data = HF_TRY(share_to_read(context.args)),
                             .repair = context.args.has("repair") && !dry_run,
                             .workers = context.program.processors};
  const Settings settings = HF_TRY(load_settings(context, AllTargets::Yes));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  context.out.event("run.started", JsonObject().add("verb", "check").add("dry_run", dry_run));
  if (settings.targets.size() > 1) return check_copies(context, settings, copies, request, dry_run);
  const CheckedCopy checked = HF_TRY(check_copy(context, *copies.open.front(), request, dry_run));
  context.out.event("run.finished", JsonObject().add("status", checked.is_sound ? "passed" : "failed"));
  context.out.document(checked.document);
  return checked.is_sound ? Exit::Done : Exit::VerifyFailed;
}

}  // namespace

Verb check_verb() {
  return {
      .name = "check",
      .summary = "Check the repository itself",
      .description =
          "Checks that keys, points, chains, index and packs fit together, and that every point can be restored "
          "from them, in every copy. --read-data also reads that share of the packs in full, another share each day. "
          "--repair "
          "puts back from another copy what that one has whole; of the rest it "
          "writes the index again where it is damaged; it saves what is sound of damaged packs, and takes them and "
          "missing ones out of use, so that the next backup stores again what its sources still have. Exit code 5: "
          "there is damage; 13: a copy cannot be reached.",
      .arguments = {},
      .options = {{"read-data", "", "PERCENT", "also read this share of the packs in full: 5%, 100% (default: none)"},
                  {"repair", "", "", "mend the index, and take damaged and missing packs out of use"},
                  {"dry-run", "", "", "with --repair: say what would be mended; nothing is written"}},
      .examples = {"holdfast check", "holdfast check --read-data 5%",
                   "holdfast check --read-data 100% --repair -o json"},
      .run = run_verb};
}

}  // namespace hf
