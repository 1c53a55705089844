#include "app/session.h"
#include "app/verbs.h"
#include "base/text.h"
#include "repo/check.h"
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
  else if (outcome.repaired)
    out.say("repaired: the index was written again");
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

Result<Exit> run_verb(Context& context) {
  const bool dry_run = context.args.has("dry-run");
  CheckRequest request{.read_data = HF_TRY(share_to_read(context.args)),
                       .repair = context.args.has("repair") && !dry_run,
                       .workers = context.program.processors};
  const OpenRepository opened = HF_TRY(open_repository(context));
  context.out.event("run.started", JsonObject().add("verb", "check").add("dry_run", dry_run));
  context.out.event("step.started", JsonObject().add("step", "check"));
  request.progress = [&](uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = "check", .bytes = bytes, .bytes_total = bytes_total});
  };
  const MonoTime begin = context.program.clock.mono();
  Result<CheckOutcome> checked = check_repository(*opened, request, context.program.stop);
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
                                         .add("status", outcome.sound() ? "passed" : "failed")
                                         .add("bytes", outcome.bytes_read)
                                         .add("seconds", Json::seconds(took)));
  context.out.event("run.finished", JsonObject().add("status", outcome.sound() ? "passed" : "failed"));
  print_outcome(context.out, outcome, took);
  JsonObject body = outcome_document(outcome, took);
  if (dry_run) {
    print_repairable(context.out, repairable(outcome));
    body.add("dry_run", true).add("would_repair", json_list(repairable(outcome)));
  }
  context.out.document(body);
  return outcome.sound() ? Exit::Done : Exit::VerifyFailed;
}

}  // namespace

Verb check_verb() {
  return {
      .name = "check",
      .summary = "Check the repository itself",
      .description =
          "Checks that keys, points, chains, index and packs fit together, and that every point can be restored "
          "from them. --read-data also reads that share of the packs in full, another share each day. --repair "
          "writes the index again where it is damaged; it saves what is sound of damaged packs, and takes them and "
          "missing ones out of use, so that the next backup stores again what its sources still have. Exit code 5: "
          "there is damage.",
      .arguments = {},
      .options = {{"read-data", "", "PERCENT", "also read this share of the packs in full: 5%, 100% (default: none)"},
                  {"repair", "", "", "mend the index, and take damaged and missing packs out of use"},
                  {"dry-run", "", "", "with --repair: say what would be mended; nothing is written"}},
      .examples = {"holdfast check", "holdfast check --read-data 5%",
                   "holdfast check --read-data 100% --repair -o json"},
      .run = run_verb};
}

}  // namespace hf
