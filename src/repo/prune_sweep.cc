#include "repo/prune_sweep.h"

#include <algorithm>

namespace hf {
namespace {

class Sweep {
 public:
  Sweep(Repository& repository, const Survey& survey, const SweepRequest& request, PruneOutcome& outcome)
      : repository_(repository), survey_(survey), request_(request), outcome_(outcome) {}

  Result<bool> run() {
    find_due();
    HF_TRY(find_going());
    if (due_.empty() && going_.empty()) return false;
    HF_TRY(decide());
    if (request_.session == nullptr) {
      count_deleted(drop_);
      return true;
    }
    Index& index = *HF_TRY(repository_.index());
    const std::vector<std::string> old_segments = HF_TRY(rewrite_index(index));
    HF_TRY(request_.session->check_alive());
    for (const GcRecord* record : due_) HF_TRY(write_swept(*record));
    HF_TRY(agree_with_others());
    for (const std::string& segment : old_segments) HF_TRY(repository_.store().remove(segment, repository_.deadline()));
    return HF_TRY(delete_packs());
  }

 private:
  void find_due() {
    std::unordered_set<std::string> waited_for;
    for (const GcRecord& record : survey_.gc.records) {
      if (record.swept || record.number > survey_.gc_newest_before) continue;
      if (record.stored + request_.grace > survey_.now) continue;
      bool is_due = true;
      for (const SeenSession& session : survey_.live_sessions) {
        if (session.gc_newest >= record.number) continue;  // it knows of the record
        waited_for.insert(session.id);
        is_due = false;
      }
      if (is_due) due_.push_back(&record);
    }
    outcome_.sessions_waited_for = waited_for.size();
  }

  // Condemned packs that are due, and swept ones of which something is left.
  Status find_going() {
    for (const GcRecord* record : due_) going_.insert(record->condemned.packs.begin(), record->condemned.packs.end());
    const Index& index = *HF_TRY(repository_.index());
    const std::vector<PackInfo> packs = index.packs();
    const std::vector<uint32_t> counts = index.chunk_counts();
    for (size_t i = 0; i < packs.size(); ++i)
      if (counts[i] > 0) indexed_.insert(packs[i].name);
    for (const GcRecord& record : survey_.gc.records) {
      if (!record.swept) continue;
      for (const PackName& pack : record.swept->packs)
        if (survey_.packs.contains(pack) || indexed_.contains(pack)) going_.insert(pack);
    }
    return {};
  }

  Status decide() {
    const std::vector<PackName> condemned = survey_.gc.condemned_packs();
    Usage usage(repository_, *HF_TRY(repository_.index()), PackSet(condemned.begin(), condemned.end()));
    HF_TRY(usage.mark_all(survey_, {}));
    for (const PackName& pack : going_)
      if (usage.reached(pack) == nullptr) drop_.insert(pack);
    for (const GcRecord* record : due_)
      for (const PackName& pack : record->condemned.packs)
        if (!drop_.contains(pack)) ++outcome_.packs_resurrected;
    return {};
  }

  Result<std::vector<std::string>> rewrite_index(Index& index) {
    const bool is_any_indexed =
        std::any_of(drop_.begin(), drop_.end(), [&](const PackName& pack) { return indexed_.contains(pack); });
    if (!is_any_indexed) return std::vector<std::string>();
    const std::vector<PackName> dropped(drop_.begin(), drop_.end());
    index.exclude(dropped);
    return index.rewrite(dropped, repository_.deadline()).during("write the index without the packs that go");
  }

  Status write_swept(const GcRecord& record) {
    Swept swept{.time = HF_TRY(repository_.store().now(repository_.deadline()))};
    for (const PackName& pack : record.condemned.packs)
      (drop_.contains(pack) ? swept.packs : swept.resurrected).push_back(pack);
    const std::string name = swept_object(record.number);
    const Signer* signer = HF_TRY(repository_.signer());
    const Bytes object = HF_TRY(make_signed(repository_.ring(), *signer, SignedKind::Swept, name, {}, encode(swept),
                                            repository_.env().entropy));
    const Status put = repository_.store().put(name, object, Durable::Now, repository_.deadline());
    if (!put.ok() && put.error().code() != Code::Exists) return put.error().clone().during("record what is swept");
    return {};
  }

  // Only what a swept record names is deleted. Where another prune was first, its decision stands, and what it kept
  // goes back into the index.
  Status agree_with_others() {
    PackSet decided;
    for (const GcRecord& record : HF_TRY(read_gc_records(repository_)).records)
      if (record.swept) decided.insert(record.swept->packs.begin(), record.swept->packs.end());
    std::vector<PackName> kept;
    for (const PackName& pack : drop_)
      if (!decided.contains(pack) && survey_.packs.contains(pack)) kept.push_back(pack);
    if (kept.empty()) return {};
    Index& index = *HF_TRY(repository_.index());
    index.admit(kept);
    HF_TRY(index_packs(repository_, survey_.packs, kept));
    return Error(Code::Held, "another prune ran at the same time and decided otherwise").with_hint("run prune again");
  }

  Result<bool> delete_packs() {
    PackSet gone;
    for (const PackName& pack : drop_) {
      const auto stored = survey_.packs.find(pack);
      if (stored == survey_.packs.end()) continue;
      HF_TRY(repository_.store().remove(pack_object_name(stored->second.kind, pack), repository_.deadline()));
      gone.insert(pack);
    }
    count_deleted(gone);
    return true;
  }

  void count_deleted(const PackSet& gone) {
    for (const PackName& pack : gone) {
      const auto stored = survey_.packs.find(pack);
      if (stored == survey_.packs.end()) continue;
      ++outcome_.packs_deleted;
      outcome_.bytes_deleted += stored->second.size;
    }
  }

  Repository& repository_;
  const Survey& survey_;
  const SweepRequest& request_;
  PruneOutcome& outcome_;
  std::vector<const GcRecord*> due_;
  PackSet indexed_, going_, drop_;
};

}  // namespace

Result<bool> sweep(Repository& repository, const Survey& survey, const SweepRequest& request, PruneOutcome& outcome) {
  return Sweep(repository, survey, request, outcome).run();
}

}  // namespace hf
