#include "repo/check.h"

#include <algorithm>

#include "repo/check_parts.h"
#include "repo/mark.h"

namespace hf {
namespace {

struct PointUse {
  std::string id;
  std::vector<bool> packs;  // by ordinal in the index
};

class Points {
 public:
  Points(CheckState& state, Index& index) : state_(state), index_(index), infos_(index.packs()) {
    for (const PackInfo& pack : infos_) is_broken_.push_back(state.broken.contains(pack.name));
  }

  Status walk(std::stop_token stop) {
    for (const Point& point : state_.points) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      HF_TRY(walk(point));
    }
    return {};
  }

  // After the data was read: whose points need what is broken.
  void conclude() {
    for (size_t ordinal = 0; ordinal < infos_.size(); ++ordinal) conclude(static_cast<uint32_t>(ordinal));
    for (const auto& [name, pack] : state_.packs) {
      if (reached_.contains(name)) continue;
      ++state_.outcome.packs_unreferenced;
      state_.outcome.bytes_unreferenced += pack.size;
    }
  }

 private:
  Status walk(const Point& point) {
    PointUse use{.id = short_id(point.id), .packs = std::vector<bool>(infos_.size(), false)};
    uint64_t lost = 0;
    const Status walked =
        visit_chunks(state_.repository, point.manifest, [&](PackKind kind, const ChunkId& id, uint64_t) -> Status {
          ++state_.outcome.chunks;
          if (!take(use, kind, id)) ++lost;
          return {};
        });
    if (!walked.ok() && is_about_store(walked.error())) return walked.error().clone();
    if (!walked.ok()) {
      state_.damaged.insert(use.id);
      state_.damage("point " + use.id, "cannot be read in full: " + walked.error().message(), walked.error().hint());
    } else if (lost > 0) {
      state_.damaged.insert(use.id);
      state_.damage("point " + use.id, std::to_string(lost) + " of its chunks are in no pack",
                    "holdfast check --repair");
    }
    uses_.push_back(std::move(use));
    return {};
  }

  bool take(PointUse& use, PackKind kind, const ChunkId& id) {
    std::optional<ChunkPlace> place = index_.find(kind, id);
    if (!place) return false;
    if (is_broken_[place->pack])
      for (const ChunkPlace& other : index_.find_all(kind, id))
        if (!is_broken_[other.pack]) place = other;
    use.packs[place->pack] = true;
    reached_.insert(infos_[place->pack].name);
    return true;
  }

  void conclude(uint32_t ordinal) {
    const auto broken = state_.broken.find(infos_[ordinal].name);
    if (broken == state_.broken.end()) return;
    size_t needed = 0;
    for (const PointUse& use : uses_) {
      if (!use.packs[ordinal]) continue;
      ++needed;
      state_.damaged.insert(use.id);
    }
    const std::string object = pack_object_name(infos_[ordinal].kind, infos_[ordinal].name);
    const bool is_missing = !state_.packs.contains(infos_[ordinal].name);
    const std::string need = needed == 0 ? "; no point needs it" : "; " + std::to_string(needed) + " points need it";
    if (needed == 0 && is_missing)
      state_.note(object, broken->second + need, "holdfast check --repair");
    else
      state_.damage(object, broken->second + need,
                    needed == 0 ? "" : "put it back from another copy of the repository");
    state_.broken.erase(broken);
  }

  CheckState& state_;
  Index& index_;
  const std::vector<PackInfo> infos_;
  std::vector<bool> is_broken_;
  std::vector<PointUse> uses_;
  PackSet reached_;
};

}  // namespace

void CheckState::damage(std::string object, std::string what, std::string hint) {
  outcome.findings.push_back({Finding::Severity::Damage, std::move(object), std::move(what), std::move(hint)});
}

void CheckState::note(std::string object, std::string what, std::string hint) {
  outcome.findings.push_back({Finding::Severity::Note, std::move(object), std::move(what), std::move(hint)});
}

bool CheckOutcome::sound() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.severity == Finding::Severity::Damage; });
}

Result<CheckOutcome> check_repository(Repository& repository, const CheckRequest& request, std::stop_token stop) {
  CheckOutcome outcome;
  CheckState state{.repository = repository, .request = request, .outcome = outcome};
  HF_TRY(check_objects(state));
  HF_TRY(check_chains(state));
  HF_TRY(check_index(state));
  HF_TRY(repository.chunks())->stay_with_index();
  Points points(state, *HF_TRY(repository.index()));
  HF_TRY(points.walk(stop));
  HF_TRY(check_data(state, stop));
  points.conclude();
  // What is broken and not even in the index.
  for (const auto& [name, what] : state.broken)
    if (const auto pack = state.packs.find(name); pack != state.packs.end())
      state.damage(pack_object_name(pack->second.kind, name), what + "; no point needs it");
  outcome.points = state.points.size();
  outcome.points_damaged.assign(state.damaged.begin(), state.damaged.end());
  return outcome;
}

}  // namespace hf
