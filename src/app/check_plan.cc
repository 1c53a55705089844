#include "app/check_plan.h"

#include <algorithm>

#include "app/environments.h"
#include "app/kinds.h"
#include "base/text.h"

namespace hf {
namespace {

// --checks a,b --checks c
std::vector<std::string> named_groups(const Arguments& args) {
  std::vector<std::string> groups;
  for (const std::string& words : args.all("checks")) {
    for (size_t begin = 0; begin <= words.size();) {
      const size_t end = std::min(words.find(',', begin), words.size());
      std::string group = words.substr(begin, end - begin);
      if (!group.empty() && std::ranges::find(groups, group) == groups.end()) groups.push_back(std::move(group));
      begin = end + 1;
    }
  }
  return groups;
}

Error no_such_group(const std::string& name, const config::Config* config) {
  if (config == nullptr || config->checks.empty())
    return Error(Code::NotFound, "no checks are configured")
        .with_hint("write them under `checks:` of the configuration; holdfast config init shows all of them");
  std::vector<std::string> names;
  for (const auto& [group, unused] : config->checks) names.push_back(group);
  const std::optional<std::string> near = closest(name, names);
  return Error(Code::NotFound, "no group of checks is named " + printable(name))
      .with_hint(near ? "did you mean " + *near + "?" : "there are: " + join(names, ", "));
}

Status add_group(const std::string& group, const std::vector<config::KindConfig>& configured, CheckPlan& plan) {
  const std::vector<CheckKind> kinds = check_kinds();
  for (const config::KindConfig& one : configured) {
    const auto kind = std::ranges::find(kinds, one.type, &CheckKind::name);
    HF_ASSERT(kind != kinds.end());  // the configuration knows no others
    plan.checks.push_back(
        HF_TRY(prepare_check(*kind, group, one.options, plan.checks).during("group " + group + " of checks")));
  }
  return {};
}

std::string option_of(const config::KindConfig& kind, std::string_view name) {
  const auto at = kind.options.find(name);
  return at == kind.options.end() || at->second.empty() ? "" : at->second.front();
}

}  // namespace

bool CheckPlan::any(bool Check::*needs) const {
  return std::ranges::any_of(checks, [&](const NamedCheck& named) { return named.check.*needs; });
}

Result<CheckPlan> plan_checks(Context& context, const config::Config* config, const std::string& set) {
  CheckPlan plan{.groups = named_groups(context.args)};
  if (context.args.has("checks") && plan.groups.empty())
    return Error(Code::Invalid, "--checks names no checks").with_hint("for example: --checks db,app");
  if (plan.groups.empty() && config != nullptr)
    if (const auto at = config->sets.find(set); at != config->sets.end()) plan.groups = at->second.policy.checks;
  for (const std::string& group : plan.groups) {
    if (config == nullptr || !config->checks.contains(group)) return no_such_group(group, config);
    HF_TRY(add_group(group, config->checks.find(group)->second, plan));
  }
  return plan;
}

Result<PlannedPlace> plan_place(Context& context, const config::Config* config) {
  PlannedPlace planned;
  const std::string named = context.args.text("in");
  if (config != nullptr && config->environments.contains(named)) {
    const config::KindConfig& environment = config->environments.find(named)->second;
    planned.environment = named;
    planned.directory = option_of(environment, "path");
    planned.type = environment.type;
    planned.is_production = is_production(named, environment);
    planned.place.base_url = option_of(environment, "base_url");
    planned.place.ca_file = option_of(environment, "ca_file");
    if (const auto env = environment.options.find("env"); env != environment.options.end())
      for (size_t i = 0; i + 1 < env->second.size(); i += 2) planned.place.env[env->second[i]] = env->second[i + 1];
  } else {
    planned.directory = named;
  }
  if (const std::string url = context.args.text("base-url"); !url.empty()) planned.place.base_url = url;
  const std::string& url = planned.place.base_url;
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://"))
    return Error(Code::Invalid, "the base URL begins neither with http:// nor with https://")
        .with_hint("for example: --base-url http://127.0.0.1:8080");
  return planned;
}

Status expect_service(const CheckPlan& plan, const CheckPlace& place) {
  if (!place.base_url.empty()) return {};
  for (const NamedCheck& named : plan.checks)
    if (named.check.needs_base_url)
      return Error(Code::Invalid, "check " + named.name + " asks a service, and where it is is not known")
          .with_hint("--base-url URL names it, or --in an environment that has a base_url");
  return {};
}

std::optional<Duration> rpo_of(const config::Config* config, const std::string& set) {
  if (config == nullptr) return std::nullopt;
  const auto at = config->sets.find(set);
  return at == config->sets.end() ? std::nullopt : at->second.policy.rpo;
}

}  // namespace hf
