#include "app/backup_plan.h"

#include <algorithm>

#include "app/kinds.h"
#include "base/text.h"

namespace hf {
namespace {

Error no_such_set(const std::string& name, const config::Config& config) {
  std::vector<std::string> names;
  for (const auto& [set, unused] : config.sets) names.push_back(set);
  const std::optional<std::string> near = closest(name, names);
  return Error(Code::NotFound, "the configuration has no set " + printable(name))
      .with_hint(near ? "did you mean " + *near + "?" : "holdfast list sets shows those there are");
}

Result<SetPlan> plan_set(const std::string& name, const config::Config& config) {
  const auto set = config.sets.find(name);
  if (set == config.sets.end()) return no_such_set(name, config);
  SetPlan plan{.set = name};
  for (const std::string& member : set->second.members) {
    const auto source = config.sources.find(member);
    if (source == config.sources.end())
      return Error(Code::Invalid, "set " + name + " has a member that is no source: " + member);
    plan.planned.push_back({.name = member, .kind = source->second.type, .options = source->second.options});
  }
  return plan;
}

Status keep_only(std::vector<SetPlan>& plans, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return {};
  const auto is_wanted = [&](const PlannedSource& source) {
    return std::find(wanted.begin(), wanted.end(), source.name) != wanted.end();
  };
  for (const std::string& name : wanted) {
    const bool found = std::any_of(plans.begin(), plans.end(), [&](const SetPlan& plan) {
      return std::any_of(plan.planned.begin(), plan.planned.end(),
                         [&](const PlannedSource& source) { return source.name == name; });
    });
    if (!found)
      return Error(Code::NotFound, "no source is named " + printable(name))
          .with_hint("holdfast config show lists the sources");
  }
  for (SetPlan& plan : plans)
    plan.is_selected = std::erase_if(plan.planned, [&](const PlannedSource& source) { return !is_wanted(source); }) > 0;
  std::erase_if(plans, [](const SetPlan& plan) { return plan.planned.empty(); });
  return {};
}

// In the place of a source that could not be opened: it fails with that.
class UnopenedSource final : public Source {
 public:
  explicit UnopenedSource(Error why) : why_(std::move(why)) {}
  Status run(Sink&, Previous&, std::stop_token) override { return why_.clone(); }

 private:
  const Error why_;
};

Status open_sources(const SourceWorld& world, SetPlan& plan, const std::vector<SourceKind>& kinds) {
  for (const PlannedSource& planned : plan.planned) {
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const SourceKind& k) { return k.name == planned.kind; });
    if (kind == kinds.end())
      return Error(Code::Invalid, "source " + planned.name + " is of an unknown kind: " + planned.kind);
    Result<std::unique_ptr<Source>> source = kind->open(world, planned.name, planned.options);
    if (!source.ok() && plan.is_emergency) source = std::make_unique<UnopenedSource>(std::move(source).error());
    std::unique_ptr<Source> opened = HF_TRY(std::move(source));
    plan.sources.push_back({.name = planned.name, .kind = planned.kind, .source = std::move(opened)});
  }
  return {};
}

// What one source of the set covers no other one touches.
void divide(SetPlan& plan) {
  std::vector<CoveredFile> covered;
  for (NamedSource& source : plan.sources)
    for (std::string& path : source.source->covers()) covered.push_back({std::move(path), source.name});
  if (covered.empty()) return;
  for (NamedSource& source : plan.sources) {
    std::vector<CoveredFile> of_others;
    for (const CoveredFile& file : covered)
      if (file.source != source.name) of_others.push_back(file);
    source.source->leave_out(of_others);
  }
}

Result<SetPlan> plan_words(Context& context, const std::vector<std::string>& words,
                           const std::vector<SourceKind>& kinds) {
  SetPlan plan{.set = context.args.text("set", "default"),
               .planned = HF_TRY(plan_sources(words, kinds, context.program.fs))};
  if (plan.set.empty()) return Error(Code::Invalid, "--set is empty").with_hint("give the set a name: --set web");
  for (PlannedSource& source : plan.planned)
    if (source.kind == "files" && context.args.has("exclude")) source.options["exclude"] = context.args.all("exclude");
  return plan;
}

}  // namespace

Result<std::vector<SetPlan>> plan_backup(Context& context, const Settings& settings) {
  const std::vector<SourceKind> kinds = source_kinds();
  const std::vector<std::string> words = context.args.all("SET|SOURCE");
  const bool any_source =
      std::any_of(words.begin(), words.end(), [&](const std::string& word) { return is_source_word(word, kinds); });
  std::vector<SetPlan> plans;
  if (!settings.config || any_source) {
    if (words.empty())
      return Error(Code::Invalid, "what shall be backed up?")
          .with_hint("for example: files:/srv/uploads sqlite:/srv/app.db 'command:pg_dump shop'");
    plans.push_back(HF_TRY(plan_words(context, words, kinds)));
  } else if (!words.empty()) {
    for (const std::string& word : words) {
      const bool is_repeated =
          std::any_of(plans.begin(), plans.end(), [&](const SetPlan& plan) { return plan.set == word; });
      if (!is_repeated) plans.push_back(HF_TRY(plan_set(word, *settings.config)));
    }
  } else {
    for (const auto& [name, set] : settings.config->sets) plans.push_back(HF_TRY(plan_set(name, *settings.config)));
    if (plans.empty())
      return Error(Code::Invalid, "the configuration has no sets").with_hint("add one under sets:, or name sources");
  }
  HF_TRY(keep_only(plans, context.args.all("source")));
  const SourceWorld world = source_world(context, settings);
  for (SetPlan& plan : plans) {
    plan.is_emergency = context.args.has("emergency");
    HF_TRY(open_sources(world, plan, kinds));
    divide(plan);
  }
  return plans;
}

void start_sources(SetPlan& plan) {
  for (NamedSource& source : plan.sources) source.source->start();
}

}  // namespace hf
