// Targets: can each be reached, written to, deleted from, and are they far enough apart.
#include "app/copy_sync.h"
#include "app/doctor.h"
#include "app/target_check.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr Duration clock_difference_warning = std::chrono::minutes(5);
constexpr uint64_t space_free_min = 1u << 30;

void examine_target(Examination& examination, const TargetSettings& target) {
  const std::string name = "target." + target.name;
  const TargetCheck check = check_target(examination.context, examination.settings, target);
  if (check.error)
    examination.bad(name, *check.error, "holdfast target check " + target.name);
  else
    examination.good(name, "an object was written there, read back and deleted");
  if (check.clock_difference) {
    const Duration difference = *check.clock_difference;
    const std::string text =
        "its clock and this machine's differ by " + format_duration(std::max(difference, -difference));
    if (std::max(difference, -difference) > clock_difference_warning)
      examination.warning(name + ".clock", text, "set the one that is wrong: timedatectl set-ntp true");
    else
      examination.good(name + ".clock", text);
  }
  if (check.space_free) {
    const std::string text = format_bytes(*check.space_free) + " are free there";
    if (*check.space_free < space_free_min)
      examination.warning(name + ".space", text, "make room: holdfast prune, or a larger disk");
    else
      examination.good(name + ".space", text);
  }
}

// Opens the copies, so that what follows can look at them.
void examine_opening(Examination& examination) {
  Result<OpenCopies> opened = open_copies(examination.context, examination.settings);
  if (!opened.ok()) return examination.bad("keys.open", opened.error(), "holdfast key test");
  examination.copies = std::move(opened).value();
  examination.good("keys.open", "the key " + examination.copies->open.front().repository->opened_with().id +
                                    " opens the repository");
}

void examine_domains(Examination& examination) {
  if (!examination.settings.config) return;
  const std::vector<std::string> warnings =
      policy_domain_warnings(examination.context.program.fs, *examination.settings.config);
  for (const std::string& warning : warnings)
    examination.warning("targets.domains", warning, "add a target elsewhere to the policy's copies");
  std::vector<std::string> single;
  for (const auto& [set, unused] : examination.settings.config->sets)
    if (copies_of(*examination.settings.config, set).size() < 2) single.push_back(set);
  if (!single.empty())
    examination.warning("targets.copies", "there is one copy only of " + join(single, ", "),
                        "add a target on another machine to the policy's copies, then: holdfast target sync");
  else
    examination.good("targets.copies", "every set has two copies or more");
  if (warnings.empty()) examination.good("targets.domains", "no policy has all its copies in one place");
}

}  // namespace

void examine_targets(Examination& examination) {
  for (const TargetSettings& target : examination.settings.targets) examine_target(examination, target);
  examine_domains(examination);
  examine_opening(examination);
}

}  // namespace hf
