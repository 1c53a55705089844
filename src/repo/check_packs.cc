// Packs: the index against their own tables.
#include <algorithm>

#include "base/text.h"
#include "repo/check_parts.h"

namespace hf {
namespace {

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
    for (const std::string& name : index_.damaged()) {
      if (!name.starts_with("index/")) continue;
      state_.faults.is_segment_damaged = true;
      state_.repairable(name, "cannot be read; until it is repaired, every run reads the packs' own tables instead");
    }
    for (const auto& [name, known] : indexed_) check_missing(known.info);
    for (const auto& [name, pack] : state_.packs) HF_TRY(check_pack(name, pack));
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
    if (swept_.contains(pack.name))
      index_.exclude({pack.name});
    else
      broken(pack.name, pack.kind, "is missing");
  }

  void broken(const PackName& name, PackKind kind, std::string what) {
    state_.broken.emplace(name, BrokenPack{.kind = kind, .remains = {.what = std::move(what), .sound = {}}});
  }

  Status check_pack(const PackName& name, const StoredPack& pack) {
    if (swept_.contains(name)) return {};  // an interrupted prune did not come to delete it
    const auto known = indexed_.find(name);
    if (known != indexed_.end() && known->second.info.size != pack.size) {
      broken(name, pack.kind, "has " + format_bytes(pack.size) + " of " + format_bytes(known->second.info.size));
      return {};
    }
    Result<FetchedTable> fetched = fetch_table(state_.repository.store(), state_.repository.ring(), pack.kind, name,
                                               pack.size, state_.repository.deadline());
    if (!fetched.ok()) {
      if (is_about_store(fetched.error())) return std::move(fetched).error();
      if (fetched.error().code() != Code::NotFound)
        broken(name, pack.kind, "cannot be opened: " + reason(fetched.error(), pack_object_name(pack.kind, name)));
      return {};
    }
    if (known == indexed_.end()) {
      state_.faults.unknown.push_back(name);
    } else if (!HF_TRY(agrees(known->second, fetched.value().table))) {
      state_.faults.disagreeing.push_back(name);
      state_.repairable(pack_object_name(pack.kind, name), "the index says something else than the pack's own table");
    }
    return {};
  }

  // The finding names the object already.
  static std::string reason(const Error& error, const std::string& object) {
    const std::string message = error.message(), prefix = object + ": ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  }

  Result<bool> agrees(const Known& known, const PackTable& table) const {
    if (known.chunks != table.ids.size()) return false;
    for (uint32_t i = 0; i < table.ids.size(); ++i) {
      const std::vector<ChunkPlace> places = HF_TRY(index_.find_all(known.info.kind, table.ids[i]));
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
};

}  // namespace

Status check_index(CheckState& state) {
  Index& index = *HF_TRY(state.repository.index());
  HF_TRY(index.load(state.repository.deadline()));
  HF_TRY(index.audit(state.repository.deadline()));
  std::vector<std::string> strange;
  state.packs = HF_TRY(list_stored_packs(state.repository, &strange));
  for (const std::string& name : strange) state.note(name, "is no part of a repository");
  state.outcome.packs = state.packs.size();
  return IndexCheck(state, index).run();
}

}  // namespace hf
