// Heads and manifests of every set.
#include <algorithm>

#include "repo/check_parts.h"

namespace hf {
namespace {

struct SetObjects {
  std::map<uint64_t, std::string> heads, manifests;
};

class Chain {
 public:
  Chain(CheckState& state, std::string directory, const SetObjects& objects)
      : state_(state), directory_(std::move(directory)), objects_(objects) {}

  Status run() {
    HF_TRY(load_points());
    HF_TRY(follow_heads());
    check_manifests();
    return check_trust();
  }

 private:
  Status load_points() {
    for (const auto& [number, name] : objects_.manifests) {
      if (state_.gc.is_forgotten(name)) continue;
      Result<Point> point = load_point(state_.repository, name);
      if (point.ok()) {
        set_name_ = point.value().manifest.set;
        points_.emplace(number, std::move(point).value());
      } else if (is_about_store(point.error())) {
        return std::move(point).error();
      } else {
        unreadable_.emplace(number, point.error().message());
      }
    }
    return {};
  }

  Status follow_heads() {
    Sha256 previous{};
    const uint64_t newest = objects_.heads.empty() ? 0 : objects_.heads.rbegin()->first;
    for (uint64_t number = 1; number <= newest; ++number) {
      const std::string name = "heads/" + directory_ + manifest_object("", number).substr(10);
      // A point that was forgotten before the next one was written never got a head.
      if (!objects_.heads.contains(number)) {
        if (!state_.gc.is_forgotten(manifest_object(directory_, number)))
          state_.damage(name, "is missing: the ledger of set " + set_title() + " has a gap");
        broken_chain_ = !state_.gc.is_forgotten(manifest_object(directory_, number)) || broken_chain_;
        continue;
      }
      const Result<SignedBody> body = read(name);
      const Result<Head> head = body.ok() ? decode_head(body.value().body) : body.error().clone();
      if (!head.ok()) {
        if (is_about_store(head.error())) return head.error().clone();
        state_.damage(name, head.error().message(), "put it back from another copy of the repository");
        broken_chain_ = true;
        continue;
      }
      if (head.value().sequence != number || (!broken_chain_ && head.value().previous != previous))
        state_.damage(name, "does not follow the head before it: the ledger of set " + set_title() + " was forked");
      broken_chain_ = false;
      previous = body.value().digest;
      heads_.emplace(number, head.value());
    }
    return {};
  }

  Result<SignedBody> read(const std::string& name) {
    Repository& repository = state_.repository;
    const Bytes bytes = HF_TRY(get_whole(repository.store(), name, small_object_bytes_max, repository.deadline()));
    return open_signed(repository.ring(), repository.signers(), SignedKind::Head, name, bytes);
  }

  void check_manifests() {
    for (const auto& [number, head] : heads_) {
      const std::string name = manifest_object(directory_, number);
      if (state_.gc.is_forgotten(name)) continue;
      const auto point = points_.find(number);
      const std::string id = short_id(point_id(head.manifest));
      if (point != points_.end()) {
        if (point->second.digest != head.manifest)
          lost(id, name, "is not the manifest that its head names");
        else if (number > 1 && heads_.contains(number - 1) &&
                 point->second.manifest.previous != heads_.at(number - 1).manifest)
          state_.damage(name, "does not follow the point before it");
      } else if (!unreadable_.contains(number)) {
        lost(id, name,
             "point number " + std::to_string(number) + " of set " + set_title() + " is missing: somebody removed it");
      } else {
        lost(id, name, unreadable_.at(number));
        unreadable_.erase(number);
      }
    }
    for (const auto& [number, what] : unreadable_) state_.damage(manifest_object(directory_, number), what);
    for (auto& [number, point] : points_) {
      if (!objects_.heads.contains(number))
        state_.note(point.object, "has no head yet: its writer was interrupted; the next backup of the set writes it");
      state_.points.push_back(std::move(point));
    }
  }

  Status check_trust() {
    const SeenHead* seen = state_.repository.seen_head(directory_);
    const uint64_t newest = objects_.heads.empty() ? 0 : objects_.heads.rbegin()->first;
    if (seen != nullptr && newest < seen->sequence)
      state_.damage("heads/" + directory_, "an older state than was seen before: point number " +
                                               std::to_string(newest) + " of set " + set_title() + ", seen " +
                                               std::to_string(seen->sequence));
    return {};
  }

  void lost(const std::string& id, const std::string& object, const std::string& what) {
    state_.damaged.insert(id);
    state_.damage(object, what, "put it back from another copy of the repository");
  }

  const std::string& set_title() const { return set_name_.empty() ? directory_ : set_name_; }

  CheckState& state_;
  const std::string directory_;
  const SetObjects& objects_;
  std::string set_name_;
  bool broken_chain_ = false;  // the head before is unknown
  std::map<uint64_t, Point> points_;
  std::map<uint64_t, std::string> unreadable_;
  std::map<uint64_t, Head> heads_;
};

}  // namespace

Status check_chains(CheckState& state) {
  std::map<std::string, SetObjects> sets;
  for (const std::string top : {"heads/", "manifests/"}) {
    HF_TRY(state.repository.store().list(
        top,
        [&](const ObjectInfo& info) -> Status {
          const std::string rest = info.name.substr(top.size());
          const uint64_t number = sequence_of(info.name).value_or(0);
          if (number == 0 || rest.find('/') == std::string::npos) {
            state.note(info.name, "is no part of a repository");
            return {};
          }
          SetObjects& set = sets[rest.substr(0, rest.find('/'))];
          (top == "heads/" ? set.heads : set.manifests).emplace(number, info.name);
          return {};
        },
        state.repository.deadline()));
  }
  for (const auto& [directory, objects] : sets) HF_TRY(Chain(state, directory, objects).run());
  return {};
}

}  // namespace hf
