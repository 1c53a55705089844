#include "app/choose.h"
#include "app/retention_plan.h"
#include "app/verbs.h"
#include "base/text.h"

namespace hf {
namespace {

Result<Exit> run_verb(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  HF_TRY(rules_of_flags(context.args));
  const OpenRepository opened = HF_TRY(open_repository(context, settings));
  const RetentionPlan plan = HF_TRY(plan_retention(context, settings, *opened, context.args.text("set")));
  JsonArray days;
  std::string set, day;
  uint64_t kept = 0, forgotten = 0;
  for (const PlannedPoint& planned : plan.points) {
    const Manifest& manifest = planned.point.manifest;
    if (std::exchange(set, manifest.set) != manifest.set || day.empty()) {
      const std::string& rules = plan.rules.at(manifest.set);
      context.out.print(printable(manifest.set) + ": " +
                        (rules.empty() ? "no keep rules, everything stays" : "keep " + rules));
      day.clear();
    }
    const std::string today = format_date(manifest.started);
    const std::string time = format_time_rfc3339(manifest.started).substr(11, 5);
    context.out.print("  " + (std::exchange(day, today) == today ? std::string(10, ' ') : today) + "  " + time + "  " +
                      shown_id(planned.point.id) + (planned.keep ? "  keep    " : "  forget  ") +
                      printable(planned.reason));
    days.add(JsonObject()
                 .add("set", manifest.set)
                 .add("day", today)
                 .add("time", Json::time(manifest.started))
                 .add("point", planned.point.id.hex())
                 .add("decision", planned.keep ? "keep" : "forget")
                 .add("reason", planned.reason));
    ++(planned.keep ? kept : forgotten);
  }
  context.out.say(format_count(kept) + " stay, " + format_count(forgotten) + " would be forgotten");
  JsonObject rules;
  for (const auto& [name, text] : plan.rules) rules.add(name, text);
  context.out.document(
      JsonObject().add("rules", rules).add("kept", kept).add("forgotten", forgotten).add("points", days.json()));
  return Exit::Done;
}

}  // namespace

Verb policy_simulate_verb() {
  return {.name = "policy simulate",
          .summary = "Show on a calendar which points the keep rules keep",
          .description =
              "Shows day by day, newest first, what prune would keep and forget, and why; nothing is written. Rules "
              "are the configuration's, or "
              "those given here.",
          .arguments = {},
          .options = keep_options(),
          .examples = {"holdfast policy simulate",
                       "holdfast policy simulate --keep-daily 7 --keep-weekly 4 --keep-monthly 12",
                       "holdfast policy simulate --set web -o json"},
          .run = run_verb};
}

}  // namespace hf
