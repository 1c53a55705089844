#include "app/choose.h"
#include "app/point_text.h"
#include "app/retention_plan.h"
#include "app/table.h"
#include "app/verbs.h"
#include "base/text.h"
#include "repo/prune.h"

namespace hf {
namespace {

JsonArray decisions_document(const RetentionPlan& plan) {
  JsonArray decisions;
  for (const PlannedPoint& planned : plan.points)
    decisions.add(JsonObject()
                      .add("point", planned.point.id.hex())
                      .add("set", planned.point.manifest.set)
                      .add("time", Json::time(planned.point.manifest.started))
                      .add("decision", planned.keep ? "keep" : "forget")
                      .add("reason", planned.reason));
  return decisions;
}

void print_decisions(Out& out, const RetentionPlan& plan) {
  Table table({"point", "set", "time (UTC)", "decision", "reason"});
  for (const PlannedPoint& planned : plan.points)
    table.add({shown_id(planned.point.id), printable(planned.point.manifest.set),
               time_text(planned.point.manifest.started), planned.keep ? "keep" : "forget", printable(planned.reason)});
  if (table.is_empty()) return;
  for (const std::string& line : table.lines()) out.print(line);
}

void print_outcome(Out& out, const PruneOutcome& outcome, bool dry_run) {
  const std::string would = dry_run ? "would be " : "";
  out.say(format_count(outcome.points_forgotten, "point ", "points ") + would + "forgotten");
  out.say(format_count(outcome.packs_condemned) + " packs, " + format_bytes(outcome.bytes_condemned) + ", " + would +
          "condemned" + (outcome.deletes_at ? "; they can go after " + format_time_rfc3339(*outcome.deletes_at) : ""));
  if (outcome.packs_repacked > 0)
    out.say(format_count(outcome.packs_repacked) + " packs, " + format_bytes(outcome.bytes_repacked) + ", " + would +
            "written anew");
  out.say(format_count(outcome.packs_deleted) + " packs, " + format_bytes(outcome.bytes_deleted) + ", " + would +
          "deleted");
  if (outcome.packs_resurrected > 0)
    out.say(format_count(outcome.packs_resurrected) + " packs are needed again and stay");
  if (outcome.sessions_waited_for > 0)
    out.say("running backups keep condemned packs from being deleted now: " +
            format_count(outcome.sessions_waited_for));
}

JsonObject outcome_document(const PruneOutcome& outcome) {
  JsonObject body;
  body.add("points_forgotten", outcome.points_forgotten).add("packs_condemned", outcome.packs_condemned);
  body.add("bytes_condemned", outcome.bytes_condemned)
      .add("packs_repacked", outcome.packs_repacked)
      .add("bytes_repacked", outcome.bytes_repacked);
  body.add("packs_deleted", outcome.packs_deleted).add("bytes_deleted", outcome.bytes_deleted);
  body.add("packs_resurrected", outcome.packs_resurrected).add("sessions_waited_for", outcome.sessions_waited_for);
  return body.add("deletes_at", outcome.deletes_at ? Json::time(*outcome.deletes_at) : Json());
}

void begin_step(Context& context, const std::string& step) {
  context.out.event("step.started", JsonObject().add("step", step));
  context.progress.update({.doing = "prune, " + step});
}

void end_step(Context& context, const std::string& step, const JsonObject& counts) {
  context.out.event("step.finished", JsonObject().add("step", step).add("status", "done").add_all(counts));
}

constexpr const char* by_name = "given up by name";

// Objects by the first digits of points' ids, at least four. Of a point that cannot be read only the object's name is
// known: check tells it.
Result<std::set<std::string>> points_given_up(Repository& repository, const std::vector<std::string>& names) {
  std::set<std::string> objects;
  if (names.empty()) return objects;
  const PointList list = HF_TRY(list_points(repository));
  for (const std::string& name : names) {
    // Neither `latest` nor a set: what is given up is named so that it cannot be another.
    if (name.starts_with("manifests/"))
      objects.insert(name);
    else
      objects.insert(HF_TRY(point_by_digits(list.points, name)).object);
  }
  return objects;
}

void mark_given_up(RetentionPlan& plan, const std::set<std::string>& given_up) {
  for (PlannedPoint& planned : plan.points) {
    if (!given_up.contains(planned.point.object)) continue;
    planned.keep = false;
    planned.reason = by_name;
  }
}

Result<Exit> run_verb(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  HF_TRY(rules_of_flags(context.args));
  PruneRequest request{.dry_run = context.args.has("dry-run")};
  request.grace = HF_TRY(context.args.duration("grace", request.grace));
  const OpenRepository opened = HF_TRY(open_repository(context, settings));
  context.out.event("run.started", JsonObject().add("verb", "prune").add("dry_run", request.dry_run));
  begin_step(context, "choose points");
  RetentionPlan plan = HF_TRY(plan_retention(context, settings, *opened, context.args.text("set")));
  request.given_up = HF_TRY(points_given_up(*opened, context.args.all("forget")));
  mark_given_up(plan, request.given_up);
  for (const std::string& object : request.given_up) request.forget.push_back({.name = object, .reason = by_name});
  for (const PlannedPoint& planned : plan.points)
    if (!planned.keep && !request.given_up.contains(planned.point.object))
      request.forget.push_back({.name = planned.point.object, .reason = planned.reason});
  if (request.dry_run || context.out.is_verbose()) print_decisions(context.out, plan);
  if (!plan.any_rules())
    context.out.remark("no keep rules: no point is forgotten; the configuration's policies or --keep-… flags set them");
  end_step(context, "choose points",
           JsonObject().add("points", plan.points.size()).add("points_to_forget", request.forget.size()));
  begin_step(context, "give space back");
  Result<PruneOutcome> pruned = prune(*opened, request, context.program.stop);
  context.progress.clear();
  const PruneOutcome outcome = HF_TRY(std::move(pruned));
  end_step(context, "give space back", outcome_document(outcome));
  context.out.event("run.finished", JsonObject().add("status", "done"));
  print_outcome(context.out, outcome, request.dry_run);
  if (request.dry_run) context.out.say("nothing was written");
  context.out.document(JsonObject()
                           .add("dry_run", request.dry_run)
                           .add("decisions", decisions_document(plan).json())
                           .add_all(outcome_document(outcome)));
  return Exit::Done;
}

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> all = keep_options();
  all.push_back({"forget", "", "POINT", "give this point up, whatever the rules say: one that has lost data", true});
  all.push_back({"grace", "", "TIME", "between condemning a pack and deleting it (default: 48h)"});
  all.push_back({"dry-run", "", "", "show which points go, when and why; nothing is written"});
  return all;
}

}  // namespace

Verb prune_verb() {
  return {
      .name = "prune",
      .summary = "Forget points by the keep rules, and give back their space",
      .description =
          "Applies each set's keep rules from the configuration, or the rules given here to all sets. Space comes "
          "back in two phases: what is "
          "not needed any more is condemned now and deleted by the first prune after the grace, so that backups "
          "may run meanwhile. "
          "The newest complete point of a set always stays while it can be restored. Prune stops if a point that is to "
          "stay has lost data; --forget gives one up by name.",
      .arguments = {},
      .options = options(),
      .examples = {"holdfast prune --dry-run", "holdfast prune --keep-last 7 --keep-daily 30 --keep-monthly 12",
                   "holdfast prune --set web --keep-within 30d --grace 24h -o json"},
      .run = run_verb};
}

}  // namespace hf
