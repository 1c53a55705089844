// Points: what each of them has lost by what is broken.
#include <algorithm>

#include "repo/check_parts.h"
#include "repo/mark.h"

namespace hf {
namespace {

constexpr size_t files_named_max = 5;

class Points {
 public:
  Points(CheckState& state, Index& index)
      : state_(state), index_(index), infos_(index.packs()), broken_(infos_.size()), reached_(infos_.size()) {
    const std::vector<uint32_t> counts = index.chunk_counts();
    for (uint32_t i = 0; i < infos_.size(); ++i) {
      if (counts[i] > 0) state.indexed.insert(infos_[i].name);
      if (const auto found = state.broken.find(infos_[i].name); found != state.broken.end())
        broken_[i] = &found->second;
    }
  }

  Status run() {
    for (const Point& point : state_.points) {
      if (state_.stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      HF_TRY(walk(point));
    }
    for (uint32_t i = 0; i < infos_.size(); ++i)
      if (reached_[i]) state_.reached.insert(infos_[i].name);
    return {};
  }

 private:
  Status walk(const Point& point) {
    loss_ = {.id = short_id(point.id), .set = point.manifest.set};
    file_.clear();
    HF_TRY(visit_chunks(
        state_.repository, point.manifest, [this](const ChunkUse& use) { return visit(use); },
        [this](std::string_view path, const Error& error) { return lose(path, error); }));
    if (loss_.any()) state_.losses.push_back(std::move(loss_));
    return {};
  }

  Status visit(const ChunkUse& use) {
    ++state_.outcome.chunks;
    const std::vector<ChunkPlace> places = HF_TRY(places_of(use.kind, use.id));
    const auto sound = std::find_if(places.begin(), places.end(), [&](const ChunkPlace& p) { return is_sound(p); });
    const bool is_lost = sound == places.end();
    if (use.kind == PackKind::Meta)
      last_ = {.source = std::string(use.source), .place = is_lost ? ChunkPlace() : *sound, .is_lost = is_lost};
    if (!is_lost) {
      reached_[sound->pack] = true;
      return {};
    }
    for (const ChunkPlace& place : places) {
      reached_[place.pack] = true;
      loss_.packs.insert(infos_[place.pack].name);
    }
    if (places.empty()) loss_.is_elsewhere = true;
    count(use.source, use.path);
    return {};
  }

  // One place where that is enough: nearly always.
  Result<std::vector<ChunkPlace>> places_of(PackKind kind, const ChunkId& id) const {
    const std::optional<ChunkPlace> first = HF_TRY(index_.find(kind, id));
    if (!first) return std::vector<ChunkPlace>();
    if (broken_[first->pack] == nullptr) return std::vector<ChunkPlace>{*first};
    return index_.find_all(kind, id);
  }

  bool is_sound(const ChunkPlace& place) const {
    const BrokenPack* broken = broken_[place.pack];
    if (broken == nullptr) return true;
    return place.ordinal < broken->remains.sound.size() && broken->remains.sound[place.ordinal];
  }

  void count(std::string_view source, std::string_view path) {
    if (path.empty()) {
      loss_.is_tree_lost = true;
      return;
    }
    std::string file = std::string(source) + "/" + std::string(path);
    if (file == file_) return;
    file_ = file;
    ++loss_.files;
    if (loss_.first_files.size() < files_named_max) loss_.first_files.push_back(std::move(file));
  }

  // The metadata chunk visited last cannot be read. If that is news, so is what is wrong with its pack.
  Status lose(std::string_view path, const Error& error) {
    if (is_about_store(error)) return error.clone();
    if (last_.is_lost) return {};
    count(last_.source, path);
    const PackInfo& pack = infos_[last_.place.pack];
    if (broken_[last_.place.pack] == nullptr && state_.packs.contains(pack.name)) {
      std::optional<BrokenPack> broken = HF_TRY(read_pack(state_.repository, pack.name, state_.packs.at(pack.name)));
      if (broken) {
        broken->found_by_reading = false;
        broken_[last_.place.pack] = &state_.broken.emplace(pack.name, std::move(*broken)).first->second;
      }
    }
    if (broken_[last_.place.pack] != nullptr)
      loss_.packs.insert(pack.name);
    else if (loss_.error.empty())
      loss_.error = error.message();
    return {};
  }

  struct LastPart {
    std::string source;
    ChunkPlace place;
    bool is_lost = false;
  };

  CheckState& state_;
  Index& index_;
  const std::vector<PackInfo> infos_;
  std::vector<const BrokenPack*> broken_;  // by ordinal; null: not known to be
  std::vector<bool> reached_;              // by ordinal
  PointLoss loss_;
  std::string file_;  // counted last
  LastPart last_;
};

}  // namespace

Status check_points(CheckState& state) {
  return Points(state, *HF_TRY(state.repository.index())).run();
}

}  // namespace hf
