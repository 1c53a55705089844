// Packs: the index against their trailers, and their bytes.
#include <algorithm>
#include <atomic>

#include "base/text.h"
#include "repo/check_parts.h"

namespace hf {
namespace {

constexpr const char* repair_hint = "holdfast check --repair";

class IndexCheck {
 public:
  IndexCheck(CheckState& state, Index& index) : state_(state), index_(index) {
    const std::vector<uint32_t> counts = index.chunk_counts();
    const std::vector<PackInfo> packs = index.packs();
    for (uint32_t i = 0; i < packs.size(); ++i)
      if (counts[i] > 0) indexed_.emplace(packs[i].name, Known{packs[i], i, counts[i]});
    for (const GcRecord& record : state.gc.records)
      if (record.swept) swept_.insert(record.swept->packs.begin(), record.swept->packs.end());
  }

  Status run() {
    for (const std::string& name : index_.damaged())
      if (name.starts_with("index/"))
        state_.damage(name, "cannot be read: until it is repaired, every run reads the packs' own tables instead",
                      repair_hint);
    for (const auto& [name, known] : indexed_) check_missing(known.info);
    for (const auto& [name, pack] : state_.packs) HF_TRY(check_pack(name, pack));
    return {};
  }

  bool is_repair_needed() const {
    const auto& damaged = index_.damaged();
    return !missing_.empty() || !disagreeing_.empty() || !unknown_.empty() ||
           std::any_of(damaged.begin(), damaged.end(),
                       [](const std::string& name) { return name.starts_with("index/"); });
  }

  Status repair() {
    std::vector<PackName> dropped = missing_;
    dropped.insert(dropped.end(), disagreeing_.begin(), disagreeing_.end());
    const Deadline& deadline = state_.repository.deadline();
    const std::vector<std::string> old = HF_TRY(index_.rewrite(dropped, deadline));
    std::vector<PackName> added = unknown_;
    added.insert(added.end(), disagreeing_.begin(), disagreeing_.end());
    HF_TRY(index_packs(state_.repository, state_.packs, added));
    for (const std::string& segment : old) HF_TRY(state_.repository.store().remove(segment, deadline));
    for (Finding& finding : state_.outcome.findings) {
      if (finding.hint != repair_hint) continue;
      finding.severity = Finding::Severity::Note;
      finding.what += " (repaired)";
      finding.hint.clear();
    }
    state_.outcome.repaired = true;
    return {};
  }

 private:
  struct Known {
    PackInfo info;
    uint32_t ordinal;
    uint32_t chunks;
  };

  void check_missing(const PackInfo& pack) {
    if (state_.packs.contains(pack.name)) return;
    missing_.push_back(pack.name);
    if (!swept_.contains(pack.name)) state_.broken.emplace(pack.name, "is missing");
  }

  Status check_pack(const PackName& name, const StoredPack& pack) {
    if (swept_.contains(name)) return {};  // an interrupted prune did not come to delete it
    const std::string object = pack_object_name(pack.kind, name);
    const auto known = indexed_.find(name);
    if (known != indexed_.end() && known->second.info.size != pack.size) {
      state_.broken.emplace(name, "has " + format_bytes(pack.size) + " of " + format_bytes(known->second.info.size));
      return {};
    }
    Result<FetchedTable> fetched = fetch_table(state_.repository.store(), state_.repository.ring(), pack.kind, name,
                                               pack.size, state_.repository.deadline());
    if (!fetched.ok()) {
      if (is_about_store(fetched.error())) return std::move(fetched).error();
      if (fetched.error().code() != Code::NotFound) state_.broken.emplace(name, fetched.error().message());
      return {};
    }
    if (known == indexed_.end()) {
      unknown_.push_back(name);
      state_.note(object, "is not in the index: its writer was interrupted, or a part of the index is missing",
                  repair_hint);
    } else if (!agrees(known->second, fetched.value().table)) {
      disagreeing_.push_back(name);
      state_.damage(object, "the index says something else than the pack's own table", repair_hint);
    }
    return {};
  }

  bool agrees(const Known& known, const PackTable& table) const {
    if (known.chunks != table.ids.size()) return false;
    for (uint32_t i = 0; i < table.ids.size(); ++i) {
      const std::vector<ChunkPlace> places = index_.find_all(known.info.kind, table.ids[i]);
      if (std::none_of(places.begin(), places.end(),
                       [&](const ChunkPlace& place) { return place.pack == known.ordinal && place.ordinal == i; }))
        return false;
    }
    return true;
  }

  CheckState& state_;
  Index& index_;
  std::map<PackName, Known> indexed_;
  PackSet swept_;
  std::vector<PackName> missing_, disagreeing_, unknown_;
};

struct Chosen {
  PackName name;
  StoredPack pack;
  std::array<std::byte, 32> order;
};

// Another order every day, so that a small share comes round to every pack in time.
std::vector<Chosen> choose_packs(const CheckState& state) {
  std::vector<Chosen> chosen;
  uint64_t total = 0;
  const uint64_t day = static_cast<uint64_t>(state.repository.env().clock.wall().time_since_epoch() / one_day);
  for (const auto& [name, pack] : state.packs) {
    Bytes key = to_bytes(name.view());
    append_le<uint64_t>(key, day);
    chosen.push_back({.name = name, .pack = pack, .order = blake3(key)});
    total += pack.size;
  }
  std::sort(chosen.begin(), chosen.end(), [](const Chosen& a, const Chosen& b) { return a.order < b.order; });
  const double wanted = static_cast<double>(total) * std::clamp(state.request.read_data, 0.0, 1.0);
  uint64_t bytes = 0;
  size_t count = 0;
  while (count < chosen.size() && static_cast<double>(bytes) < wanted) bytes += chosen[count++].pack.size;
  chosen.resize(count);
  return chosen;
}

Status verify_one(Repository& repository, const Chosen& chosen) {
  const std::string object = pack_object_name(chosen.pack.kind, chosen.name);
  const Bytes bytes = HF_TRY(get_whole(repository.store(), object, pack_bytes_max, repository.deadline()));
  HF_TRY(verify_pack(repository.ring(), chosen.pack.kind, chosen.name, bytes));
  return {};
}

}  // namespace

Status check_index(CheckState& state) {
  Index& index = *HF_TRY(state.repository.index());
  HF_TRY(index.load(state.repository.deadline()));
  std::vector<std::string> strange;
  state.packs = HF_TRY(list_stored_packs(state.repository, &strange));
  for (const std::string& name : strange) state.note(name, "is no part of a repository");
  state.outcome.packs = state.packs.size();
  IndexCheck check(state, index);
  HF_TRY(check.run());
  return state.request.repair && check.is_repair_needed() ? check.repair() : Status();
}

Status check_data(CheckState& state, std::stop_token stop) {
  const std::vector<Chosen> chosen = choose_packs(state);
  uint64_t total = 0;
  for (const Chosen& pack : chosen) total += pack.pack.size;
  std::atomic<size_t> next{0};
  Guarded<uint64_t> done;
  Guarded<std::map<PackName, std::string>> broken;
  TaskGroup tasks;
  for (unsigned worker = 0; worker < std::max(state.request.workers, 1u); ++worker) {
    tasks.start("check", [&](std::stop_token failed) -> Status {
      for (size_t i = next++; i < chosen.size(); i = next++) {
        if (stop.stop_requested() || failed.stop_requested()) return Error(Code::Cancelled, "asked to stop");
        const Status verified = verify_one(state.repository, chosen[i]);
        if (!verified.ok() && is_about_store(verified.error())) return verified.error().clone();
        if (!verified.ok() && verified.error().code() != Code::NotFound)
          broken.with([&](auto& all) { all.emplace(chosen[i].name, verified.error().message()); });
        done.with([&](uint64_t& bytes) {
          bytes += chosen[i].pack.size;
          if (state.request.progress) state.request.progress(bytes, total);
        });
      }
      return {};
    });
  }
  HF_TRY(tasks.join());
  state.outcome.packs_read = chosen.size();
  state.outcome.bytes_read = total;
  broken.with([&](auto& all) { state.broken.merge(all); });
  return {};
}

}  // namespace hf
