// Repair: the index is made to say what the packs say, and broken packs are taken out of use.
//
// At every moment what can be read stays within reach, and a run that is interrupted is finished by the next one: first
// new packs, durable and indexed; then the record that condemns the broken ones, from which on writers count them as
// absent; then segments without them; then the old segments go. The broken packs themselves stay: a prune deletes them
// as it deletes any condemned pack, when no point needs them, and a good copy that is put back meanwhile is taken back
// into the index once it was read in full.
#include <algorithm>

#include "repo/check_parts.h"
#include "repo/repack.h"

namespace hf {
namespace {

Status remove_segments(Repository& repository, const std::vector<std::string>& names) {
  for (const std::string& name : names) HF_TRY(repository.store().remove(name, repository.deadline()));
  return {};
}

void call_repaired(CheckState& state) {
  state.outcome.repaired = true;
  for (Finding& finding : state.outcome.findings) {
    if (!finding.is_repairable) continue;
    finding.is_repairable = false;
    finding.severity = Finding::Severity::Note;
    finding.what += " (repaired)";
    finding.hint.clear();
  }
}

// Of the packs that no segment names, those that may be used: a condemned one only if it is known to be sound.
std::vector<PackName> usable_unknown(CheckState& state) {
  const std::vector<PackName> condemned = state.gc.condemned_packs();
  const PackSet is_condemned(condemned.begin(), condemned.end());
  std::vector<PackName> usable;
  for (const PackName& name : state.faults.unknown) {
    if (!is_condemned.contains(name) || state.whole.contains(name))
      usable.push_back(name);
    else
      state.unused.insert(name);
  }
  for (const auto& [name, broken] : state.broken)
    if (is_condemned.contains(name)) state.unused.insert(name);
  return usable;
}

Status condemn(CheckState& state, const std::vector<PackName>& broken) {
  const std::vector<PackName> before = state.gc.condemned_packs();
  const PackSet known(before.begin(), before.end());
  Condemned record;
  for (const PackName& name : broken)
    if (!known.contains(name)) record.packs.push_back(name);
  if (record.packs.empty()) return {};
  HF_TRY(write_condemned(state.repository, std::move(record), state.gc.newest()));
  return {};
}

}  // namespace

Status mend_index(CheckState& state) {
  Repository& repository = state.repository;
  const Deadline& deadline = repository.deadline();
  Index& index = *HF_TRY(repository.index());
  std::vector<PackName> added = usable_unknown(state);
  if (!state.request.repair) {
    if (added.empty()) return {};
    index.exclude({state.unused.begin(), state.unused.end()});
    return index.recover(deadline);
  }
  const std::vector<PackName>& wrong = state.faults.disagreeing;
  const bool is_rewritten = state.faults.is_segment_damaged || !wrong.empty();
  if (!is_rewritten && added.empty()) return {};
  std::vector<std::string> old;
  if (is_rewritten) old = HF_TRY(index.rewrite(wrong, deadline));
  added.insert(added.end(), wrong.begin(), wrong.end());
  HF_TRY(index_packs(repository, state.packs, added));
  HF_TRY(remove_segments(repository, old));
  call_repaired(state);
  return {};
}

Status replace_packs(CheckState& state) {
  std::vector<PackName> broken;
  std::vector<RepackSource> saved;
  for (const auto& [name, pack] : state.broken) {
    if (!state.indexed.contains(name)) continue;
    broken.push_back(name);
    if (!pack.remains.any()) continue;
    saved.push_back({.name = name, .kind = pack.kind, .size = state.packs.at(name).size, .live = pack.remains.sound});
    state.outcome.chunks_saved += pack.remains.count();
  }
  if (broken.empty()) return {};
  Repository& repository = state.repository;
  HF_TRY(repository.signer());  // before anything is written
  const std::unique_ptr<Session> session = HF_TRY(Session::begin(repository, "check --repair"));
  Index& index = *HF_TRY(repository.index());
  // What is saved must not lean on anything that goes.
  index.exclude(state.gc.condemned_packs());
  index.exclude(broken);
  HF_TRY(repack(repository, saved, state.stop));
  HF_TRY(session->check_alive());
  HF_TRY(condemn(state, broken));
  const std::vector<std::string> old = HF_TRY(index.rewrite(broken, repository.deadline()));
  HF_TRY(remove_segments(repository, old));
  state.outcome.repaired = true;
  state.outcome.packs_dropped = broken.size();
  return {};
}

}  // namespace hf
