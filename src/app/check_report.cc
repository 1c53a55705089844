#include "app/check_report.h"

#include "sys/entry.h"

namespace hf {

CheckWorld check_world(Context& context, const Settings& settings, const CheckPlace& place, CheckSubject& subject) {
  return {.env = context.program.env(),
          .fs = context.program.fs,
          .process = context.program.process,
          .http = context.program.http,
          .secret = secret_opener(context, settings.config_or_null()),
          .environment = context.program.environment,
          .place = place,
          .subject = subject};
}

ProofCheck proof_check(const CheckEnd& end) {
  return {.name = end.name, .passed = end.verdict.passed, .took = end.took, .message = end.verdict.message};
}

JsonObject check_document(const ProofCheck& check) {
  return JsonObject()
      .add("name", check.name)
      .add("status", check.passed ? "passed" : "failed")
      .add("seconds", Json::seconds(check.took))
      .add("message", check.message);
}

void print_check(Out& out, const ProofCheck& check) {
  const std::string line = (check.passed ? "  passed  " : "  FAILED  ") + printable(check.name) +
                           (check.message.empty() ? "" : ": " + printable(check.message));
  check.passed ? out.say(line) : out.print(line);
}

void print_plan(Out& out, const CheckPlan& plan) {
  for (const NamedCheck& named : plan.checks) out.print("  would check " + named.name);
}

Json names_of(const CheckPlan& plan) {
  std::vector<std::string> names;
  for (const NamedCheck& named : plan.checks) names.push_back(named.name);
  return json_list(names);
}

}  // namespace hf
