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

// One copy, by its own points and its own records: what another has forgotten or kept does not matter here.
Result<JsonObject> prune_copy(Context& context, const Settings& settings, Repository& repository, PruneRequest request,
                              const std::vector<std::string>& give_up) {
  begin_step(context, "choose points");
  RetentionPlan plan = HF_TRY(plan_retention(context, settings, repository, context.args.text("set")));
  request.given_up = HF_TRY(points_given_up(repository, give_up));
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
  Result<PruneOutcome> pruned = prune(repository, request, context.program.stop);
  context.progress.clear();
  const PruneOutcome outcome = HF_TRY(std::move(pruned));
  end_step(context, "give space back", outcome_document(outcome));
  print_outcome(context.out, outcome, request.dry_run);
  return JsonObject().add("decisions", decisions_document(plan).json()).add_all(outcome_document(outcome));
}

// Of the points given up by name those that this copy has.
Result<std::vector<std::string>> to_give_up_here(Repository& repository, const std::vector<std::string>& names,
                                                 std::set<std::string>& found) {
  std::vector<std::string> here;
  for (const std::string& name : names) {
    const Result<std::set<std::string>> objects = points_given_up(repository, {name});
    if (!objects.ok() && objects.error().code() != Code::NotFound) return objects.error().clone();
    if (!objects.ok()) continue;
    if (name.starts_with("manifests/") && !repository.store().info(name, repository.deadline()).ok()) continue;
    here.push_back(name);
    found.insert(name);
  }
  return here;
}

// What fails on one copy does not keep the others from being pruned.
Result<Exit> prune_copies(Context& context, const Settings& settings, OpenCopies& copies, const PruneRequest& request) {
  const std::vector<std::string> give_up = context.args.all("forget");
  std::map<std::string, std::vector<std::string>> given_up;
  std::set<std::string> found;
  for (OpenCopy& copy : copies.open) given_up[copy.target.name] = HF_TRY(to_give_up_here(*copy, give_up, found));
  for (const std::string& name : give_up)
    if (!found.contains(name))
      return Error(Code::NotFound, "no copy has a point that begins with " + printable(name))
          .with_hint("holdfast list shows all points");
  Exit exit = Exit::Done;
  JsonArray documents;
  for (OpenCopy& copy : copies.open) {
    const std::string& name = copy.target.name;
    context.out.say("copy " + name + ":");
    const Result<JsonObject> pruned = prune_copy(context, settings, *copy, request, given_up.at(name));
    if (pruned.ok()) {
      documents.add(JsonObject().add("target", name).add("status", "done").add_all(pruned.value()));
      continue;
    }
    const Error& error = pruned.error();
    if (error.code() == Code::Cancelled) return error.clone();
    context.out.warn("holdfast: copy " + name + ": " + error.message() +
                     (error.hint().empty() ? "" : "\nhint: " + error.hint()));
    const Exit failed = exit_code(error.code());
    documents.add(JsonObject().add("target", name).add("status", "failed").add("error", error_document(error, failed)));
    if (exit == Exit::Done) exit = failed;
  }
  for (const ClosedCopy& closed : copies.closed) {
    context.out.warn("copy " + closed.target.name + " was not pruned: " + closed.error.message());
    documents.add(JsonObject()
                      .add("target", closed.target.name)
                      .add("status", "unreachable")
                      .add("message", closed.error.message()));
    if (exit == Exit::Done) exit = Exit::Missed;
  }
  if (request.dry_run) context.out.say("nothing was written");
  context.out.document(JsonObject().add("dry_run", request.dry_run).add("copies", documents.json()));
  return exit;
}

Result<Exit> run_verb(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  HF_TRY(rules_of_flags(context.args));
  PruneRequest request{.dry_run = context.args.has("dry-run")};
  request.grace = HF_TRY(context.args.duration("grace", request.grace));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  context.out.event("run.started", JsonObject().add("verb", "prune").add("dry_run", request.dry_run));
  if (settings.targets.size() > 1) return prune_copies(context, settings, copies, request);
  const JsonObject outcome =
      HF_TRY(prune_copy(context, settings, *copies.open.front(), request, context.args.all("forget")));
  context.out.event("run.finished", JsonObject().add("status", "done"));
  if (request.dry_run) context.out.say("nothing was written");
  context.out.document(JsonObject().add("dry_run", request.dry_run).add_all(outcome));
  return Exit::Done;
}

std::vector<OptionSpec> options() {
  std::vector<OptionSpec> all = keep_options();
  all.push_back({"forget", "", "POINT",
                 "give this point up, whatever the rules say: one that has lost data, or was made in an emergency",
                 true});
  all.push_back({"grace", "", "TIME", "between condemning a pack and deleting it (default: 48h)"});
  all.push_back({"dry-run", "", "", "show which points go, when and why; nothing is written"});
  return all;
}

}  // namespace

Verb prune_verb() {
  return {.name = "prune",
          .summary = "Forget points by the keep rules, and give back their space",
          .description =
              "Applies each set's keep rules from the configuration, or the rules given here to all sets. Space comes "
              "back in two phases: what is "
              "not needed any more is condemned now and deleted by the first prune after the grace, so that backups "
              "may run meanwhile. "
              "The newest complete point of a set always stays while it can be restored. A point of backup --emergency "
              "takes no other's place, and stays until --forget names it. Prune stops if a point that is to "
              "stay has lost data; --forget gives one up by name. With several targets each copy is pruned by its own "
              "points; "
              "exit code 4: one could not be reached.",
          .arguments = {},
          .options = options(),
          .examples = {"holdfast prune --dry-run", "holdfast prune --keep-last 7 --keep-daily 30 --keep-monthly 12",
                       "holdfast prune --set web --keep-within 30d --grace 24h -o json"},
          .run = run_verb};
}

}  // namespace hf
