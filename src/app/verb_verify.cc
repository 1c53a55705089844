#include "app/check_live.h"
#include "app/check_report.h"
#include "app/choose.h"
#include "app/help.h"
#include "app/kinds.h"
#include "app/point_subject.h"
#include "app/point_text.h"
#include "app/scratch.h"
#include "app/session.h"
#include "app/verbs.h"
#include "backup/verify.h"
#include "base/text.h"

namespace hf {
namespace {

Result<std::string> scratch_of(Context& context, const PlannedPlace& place) {
  if (place.is_production)
    return Error(Code::Refused,
                 "environment " + place.environment + " is in production: nothing is restored there to be tried")
        .with_hint("--no-restore runs the checks against what runs there; --in names another environment");
  if (!place.type.empty() && place.type != "directory")
    return Error(Code::Unsupported, "environment " + place.environment + " is of type " + place.type +
                                        ": this version restores into directories of this machine only")
        .with_hint("--in names a directory, or an environment of type directory");
  return scratch_directory(context, place.directory);
}

// The checks and steps as they happen.
void tell_events(Context& context, VerifyRequest& request) {
  request.on_step = [&context, begin = context.program.clock.mono()](const std::string& step, bool begins) mutable {
    const MonoTime now = context.program.clock.mono();
    if (begins) {
      begin = now;
      context.out.event("step.started", JsonObject().add("step", step));
    } else {
      context.out.event("step.finished", JsonObject().add("step", step).add("seconds", Json::seconds(now - begin)));
    }
  };
  request.on_check = [&context](const ProofCheck& check) { context.out.event("check.result", check_document(check)); };
  request.progress = [&context](const std::string& step, uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = "verify " + step, .bytes = bytes, .bytes_total = bytes_total});
  };
}

// What would be read, where to, and what would be written.
Result<Exit> show_intention(Context& context, const Point& point, const VerifyRequest& request, const CheckPlan& plan,
                            bool attach) {
  const uint64_t bytes = bytes_of(point.manifest);
  const bool restores = request.level != ProofLevel::Integrity;
  context.out.print("would verify point " + shown_id(point.id) + " of " + printable(point.manifest.set) + ", level " +
                    std::string(name_of(request.level)) + ": read " + format_bytes(bytes) + " of " +
                    std::to_string(point.manifest.sources.size()) + " sources");
  JsonObject body;
  body.add("dry_run", true).add("point", point.id.hex()).add("set", point.manifest.set);
  body.add("level", name_of(request.level)).add("bytes_to_read", bytes).add("attach", attach);
  if (restores) {
    const auto scratch = HF_TRY(context.program.fs.open_directory(request.scratch));
    const uint64_t free = HF_TRY(scratch->space_free());
    context.out.print("restored into a new directory in " + printable(request.scratch) +
                      " (free: " + format_bytes(free) + "), which is removed afterwards");
    if (bytes > free) context.out.warn("there is not enough space; --in DIR names another scratch directory");
    body.add("scratch", request.scratch).add("bytes_to_write", bytes).add("space_free", free);
  }
  print_plan(context.out, plan);
  body.add("checks", names_of(plan));
  context.out.print(attach ? "a signed proof would be attached to the point; nothing was written"
                           : "no proof would be attached; nothing was written");
  context.out.document(body);
  return Exit::Done;
}

Json source_names(const Point& point) {
  std::vector<std::string> names;
  for (const SourceRecord& source : point.manifest.sources) names.push_back(source.name);
  return json_list(names);
}

Result<Exit> show_proof(Context& context, const Point& point, const Proof& proof, bool attached) {
  JsonArray checks;
  for (const ProofCheck& check : proof.checks) {
    checks.add(check_document(check));
    print_check(context.out, check);
  }
  const std::string status = proof.passed ? "passed" : "failed";
  context.out.event("run.finished", JsonObject().add("status", status));
  context.out.say("point " + shown_id(point.id) + " of " + printable(point.manifest.set) + only_text(point.manifest) +
                  ": " + proof.level + " " + status + ", " + format_duration(proof.took) +
                  (attached ? "; signed proof attached" : ""));
  context.out.document(JsonObject()
                           .add("point", point.id.hex())
                           .add("set", point.manifest.set)
                           .add("kind", point.manifest.kind)
                           .add("sources", source_names(point))
                           .add("level", proof.level)
                           .add("status", status)
                           .add("seconds", Json::seconds(proof.took))
                           .add("checks", checks.json())
                           .add("attached", attached));
  return proof.passed ? Exit::Done : Exit::VerifyFailed;
}

// The words of the contract name the deed, those of a proof what it has shown.
std::optional<ProofLevel> level_of(const std::string& name) {
  if (name == "restore") return ProofLevel::Restored;
  return parse_proof_level(name);
}

// Complete, and application where there are checks, unless a level is asked for.
Result<ProofLevel> choose_level(Context& context, const CheckPlan& plan) {
  const std::string name = context.args.text("level", plan.checks.empty() ? "complete" : "application");
  const std::optional<ProofLevel> level = level_of(name);
  if (!level)
    return Error(Code::Invalid, "--level takes integrity, restored, complete or application")
        .with_hint("without it, as much is proven as there are checks for");
  if (*level < ProofLevel::Application && context.args.has("checks"))
    return Error(Code::Invalid, "--checks belong to level application").with_hint("leave --level out");
  if (*level == ProofLevel::Application && plan.checks.empty())
    return Error(Code::Invalid, "level application needs checks, and there are none")
        .with_hint("--checks NAME names a group of the configuration's `checks:`");
  return *level;
}

Result<Proof> verify(Context& context, const Settings& settings, Repository& repository, const Point& point,
                     const CheckPlan& plan, const PlannedPlace& place, VerifyRequest& request) {
  request.application = [&](const RestoredPoint& restored, const std::function<void(ProofCheck)>& add) {
    PointSubject subject(context, settings,
                         {.repository = &repository,
                          .point = &point,
                          .directory = restored.directory,
                          .is_proven = true,
                          .running = restored.running,
                          .rpo = rpo_of(settings.config_or_null(), point.manifest.set)});
    const auto on_end = [&](const CheckEnd& end) {
      add(proof_check(end));
      if (!end.verdict.passed) context.out.detail(end.verdict.detail);
    };
    return run_checks(plan.checks, check_world(context, settings, place.place, subject), on_end, context.program.stop);
  };
  const SourceWorld world = source_world(context, settings);
  Result<Proof> verified = verify_point(repository, point, world, request, context.program.stop);
  context.progress.clear();
  return verified;
}

Result<Exit> run_verb(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  if (context.args.has("no-restore")) return check_live(context, settings);
  const config::Config* const config = settings.config_or_null();
  const PlannedPlace place = HF_TRY(plan_place(context, config));
  const OpenRepository opened = HF_TRY(open_repository(context, settings));
  const Point point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT", "latest")));
  const bool is_lower = context.args.has("level") && level_of(context.args.text("level")) != ProofLevel::Application;
  const CheckPlan plan =
      is_lower && !context.args.has("checks") ? CheckPlan{} : HF_TRY(plan_checks(context, config, point.manifest.set));
  const ProofLevel level = HF_TRY(choose_level(context, plan));
  HF_TRY(expect_service(plan, place.place));
  VerifyRequest request{.level = level,
                        .source_kinds = source_kinds(),
                        .host = context.program.host,
                        .version = program_version(),
                        .workers = context.program.processors};
  if (level != ProofLevel::Integrity) request.scratch = HF_TRY(scratch_of(context, place));
  const bool attach = !context.args.has("no-attach");
  if (context.args.has("dry-run")) return show_intention(context, point, request, plan, attach);
  tell_events(context, request);
  context.out.event("run.started",
                    JsonObject().add("verb", "verify").add("point", point.id.hex()).add("level", name_of(level)));
  const Proof proof = HF_TRY(verify(context, settings, *opened, point, plan, place, request));
  bool attached = false;
  if (attach) {
    // One who may only read verifies, too.
    const Status written = attach_proof(*opened, point, proof);
    attached = written.ok();
    if (!attached) context.out.warn("note: the proof was not attached: " + written.error().message());
  }
  return show_proof(context, point, proof, attached);
}

}  // namespace

Verb verify_verb() {
  return {
      .name = "verify",
      .summary = "Prove that a point can be restored",
      .description =
          "integrity: every byte is read and checked. restored: the point is restored into a scratch directory and "
          "compared. complete: and "
          "what was restored is examined by its own means (databases are checked and counted). The signed proof is "
          "attached to the "
          "point. application: and the checks named, or those of the set's policy, pass; databases in them are the "
          "restored ones, programs get their places as HOLDFAST_RESTORED, HOLDFAST_DATABASE or PGHOST and such, and "
          "the service at --base-url is asked as it is. --no-restore restores nothing and proves nothing: the checks "
          "look at what runs, or with --in DIR at what holdfast restore put there. Exit code 5: a check failed.",
      .arguments = {{"SET|POINT",
                     "latest (the default), a set (its newest point), or the first digits of a point",
                     ArgumentSpec::Count::Optional,
                     {},
                     ArgumentSpec::Completes::Points}},
      .options = {{"level", "", "LEVEL",
                   "integrity, restored, complete (the default), or application (where there are checks)"},
                  {"checks", "", "NAMES", "groups of the configuration's checks: db,app (default: those of the policy)",
                   true},
                  {"base-url", "", "URL", "where the service is that http checks ask"},
                  {"no-restore", "", "", "run the checks alone, against what runs or what --in names"},
                  {"in", "", "ENV|DIR", "an environment, or a scratch directory (default: $TMPDIR, /tmp)"},
                  {"no-attach", "", "", "do not attach the proof"},
                  {"dry-run", "", "", "say what would be read and written; nothing is"}},
      .examples = {"holdfast verify", "holdfast verify web --level integrity",
                   "holdfast verify --checks db,app --no-restore --base-url https://app.example"},
      .run = run_verb};
}

}  // namespace hf
