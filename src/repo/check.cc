#include "repo/check.h"

#include <algorithm>

#include "repo/check_parts.h"

namespace hf {

void CheckState::damage(std::string object, std::string what, std::string hint) {
  outcome.findings.push_back({.object = std::move(object), .what = std::move(what), .hint = std::move(hint)});
}

void CheckState::repairable(std::string object, std::string what) {
  damage(std::move(object), std::move(what), repair_hint);
  outcome.findings.back().is_repairable = true;
}

void CheckState::note(std::string object, std::string what, std::string hint) {
  damage(std::move(object), std::move(what), std::move(hint));
  outcome.findings.back().severity = Finding::Severity::Note;
}

bool CheckOutcome::sound() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.severity == Finding::Severity::Damage; });
}

namespace {

// What only the points' own trees showed.
Status heal_losses(CheckState& state) {
  bool healed = HF_TRY(heal_packs(state));
  if (!state.losses.empty() && HF_TRY(refill_points(state, true))) {
    state.packs = HF_TRY(list_stored_packs(state.repository));
    healed = true;
  }
  if (!healed) return {};
  state.losses.clear();
  state.reached.clear();
  state.indexed.clear();
  state.outcome.chunks = 0;
  return check_points(state);
}

}  // namespace

Result<CheckOutcome> check_repository(Repository& repository, const CheckRequest& request, std::stop_token stop) {
  CheckOutcome outcome;
  CheckState state{.repository = repository, .request = request, .outcome = outcome, .stop = std::move(stop)};
  const bool heals = request.repair && !request.peers.empty();
  if (heals) HF_TRY(heal_signed(state));
  if (heals) HF_TRY(refill_points(state, false));
  HF_TRY(check_objects(state));
  HF_TRY(check_chains(state));
  HF_TRY(check_index(state));
  HF_TRY(check_data(state));
  if (heals) HF_TRY(heal_packs(state));
  HF_TRY(mend_index(state));
  HF_TRY(repository.chunks())->stay_with_index();
  HF_TRY(check_points(state));
  if (heals) HF_TRY(heal_losses(state));
  if (request.repair) HF_TRY(replace_packs(state));
  conclude(state);
  outcome.points = state.points.size();
  outcome.points_damaged.assign(state.damaged.begin(), state.damaged.end());
  return outcome;
}

}  // namespace hf
