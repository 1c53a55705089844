#include "app/check_live.h"

#include "app/check_report.h"
#include "app/choose.h"
#include "app/point_subject.h"
#include "base/text.h"

namespace hf {
namespace {

Result<Exit> show_live_intention(Context& context, const CheckPlan& plan) {
  print_plan(context.out, plan);
  context.out.print("nothing would be restored; nothing was asked");
  context.out.document(JsonObject().add("dry_run", true).add("checks", names_of(plan)));
  return Exit::Done;
}

Result<Exit> show_live(Context& context, const CheckPlan& plan, const std::optional<Point>& point, Duration took,
                       const std::vector<ProofCheck>& ends) {
  JsonArray checks;
  bool passed = true;
  for (const ProofCheck& check : ends) {
    checks.add(check_document(check));
    passed = passed && check.passed;
    print_check(context.out, check);
  }
  const std::string status = passed ? "passed" : "failed";
  context.out.event("run.finished", JsonObject().add("status", status));
  context.out.say("checks " + printable(join(plan.groups, ", ")) + " " + status + ", " + format_duration(took) +
                  "; nothing was restored");
  context.out.document(JsonObject()
                           .add("point", point ? Json(point->id.hex()) : Json())
                           .add("level", Json())
                           .add("status", status)
                           .add("seconds", Json::seconds(took))
                           .add("checks", checks.json())
                           .add("attached", false));
  return passed ? Exit::Done : Exit::VerifyFailed;
}

}  // namespace

Result<Exit> check_live(Context& context, const Settings& settings) {
  if (context.args.has("level"))
    return Error(Code::Invalid, "--no-restore proves no level").with_hint("leave --level out");
  const config::Config* const config = settings.config_or_null();
  const CheckPlan plan = HF_TRY(plan_checks(context, config, context.args.text("SET|POINT")));
  if (plan.checks.empty())
    return Error(Code::Invalid, "which checks?")
        .with_hint("--checks NAME names a group of the configuration's `checks:`");
  const PlannedPlace place = HF_TRY(plan_place(context, config));
  HF_TRY(expect_service(plan, place.place));
  if (place.directory.empty() && plan.any(&Check::needs_restored))
    return Error(Code::Invalid, "a check looks at files of a source, and nothing is restored")
        .with_hint("--in DIR names where holdfast restore put them");
  OpenRepository opened;
  std::optional<Point> point;
  const bool is_named = context.args.has("SET|POINT");
  if (is_named || !place.directory.empty() || plan.any(&Check::needs_point)) {
    opened = HF_TRY(open_repository(context, settings));
    point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT", "latest")));
  }
  if (context.args.has("dry-run")) return show_live_intention(context, plan);
  SubjectSpec spec{.directory = place.directory, .is_restored = !place.directory.empty()};
  if (point) {
    spec.repository = opened.repository.get();
    spec.point = &*point;
    spec.rpo = rpo_of(config, point->manifest.set);
  }
  PointSubject subject(context, settings, std::move(spec));
  context.out.event("run.started", JsonObject().add("verb", "verify"));
  const MonoTime begin = context.program.clock.mono();
  std::vector<ProofCheck> ends;
  const auto on_end = [&](const CheckEnd& end) {
    ends.push_back(proof_check(end));
    context.out.event("check.result", check_document(ends.back()));
    if (!end.verdict.passed) context.out.detail(end.verdict.detail);
  };
  HF_TRY(run_checks(plan.checks, check_world(context, settings, place.place, subject), on_end, context.program.stop));
  return show_live(context, plan, point, context.program.clock.mono() - begin, ends);
}

}  // namespace hf
