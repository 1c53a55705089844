// Sources: would a backup find them, and may it read them.
#include <algorithm>

#include "app/doctor.h"
#include "app/kinds.h"
#include "sys/entry.h"

namespace hf {
namespace {

void tell(Examination& examination, const std::string& name, const SourceFinding& finding) {
  switch (finding.state) {
    case SourceFinding::State::Good:
      return examination.good(name, finding.message);
    case SourceFinding::State::Note:
      return examination.warning(name, finding.message, finding.hint);
    case SourceFinding::State::Bad:
      return examination.bad(name,
                             Error(Code::Failed, finding.message).with_hint(finding.hint).with_detail(finding.detail));
  }
}

}  // namespace

void examine_sources(Examination& examination) {
  if (!examination.settings.config) return;
  const SourceWorld world = source_world(examination.context, examination.settings);
  const std::vector<SourceKind> kinds = source_kinds();
  std::set<std::string> used;
  for (const auto& [name, set] : examination.settings.config->sets) used.insert(set.members.begin(), set.members.end());
  for (const auto& [name, source] : examination.settings.config->sources) {
    if (!used.contains(name))
      examination.warning("source." + name, "no set has it as a member, so it is never backed up",
                          "add it to a set's members, or remove it");
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const SourceKind& k) { return k.name == source.type; });
    HF_ASSERT(kind != kinds.end());  // the configuration was checked against the same list
    const Result<std::unique_ptr<Source>> opened = kind->open(world, name, source.options);
    if (!opened.ok()) {
      examination.bad("source." + name, opened.error(), "correct the source in the configuration");
      continue;
    }
    const std::vector<SourceFinding> findings = opened.value()->examine(examination.context.program.stop);
    if (findings.empty()) examination.good("source." + name, "it means something");
    for (const SourceFinding& finding : findings) tell(examination, "source." + name + "." + finding.name, finding);
  }
}

}  // namespace hf
