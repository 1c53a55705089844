// What people are told of broken packs, and of points that have lost something by them.
#include <algorithm>

#include "base/text.h"
#include "repo/check_parts.h"

namespace hf {
namespace {

constexpr size_t points_named_max = 5;

// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names, uint64_t total) {
  const std::string text = join(names, ", ");
  return total > names.size() ? text + " and " + format_count(total - names.size()) + " more" : text;
}

class Findings {
 public:
  explicit Findings(CheckState& state) : state_(state) {
    misses_elsewhere_ =
        std::any_of(state.losses.begin(), state.losses.end(), [](const PointLoss& loss) { return loss.is_elsewhere; });
  }

  void run() {
    for (const auto& [name, pack] : state_.broken) tell_pack(name, pack);
    tell_unknown();
    for (const PointLoss& loss : state_.losses) tell_point(loss);
    for (const auto& [name, pack] : state_.packs) {
      if (state_.reached.contains(name)) continue;
      ++state_.outcome.packs_unreferenced;
      state_.outcome.bytes_unreferenced += pack.size;
    }
  }

 private:
  void tell_pack(const PackName& name, const BrokenPack& pack) {
    const std::string object = pack_object_name(pack.kind, name);
    const std::string& what = pack.remains.what;
    if (!state_.indexed.contains(name)) return tell_unindexed(name, object, what);
    std::vector<std::string> points, shown;
    for (const PointLoss& loss : state_.losses) {
      if (!loss.packs.contains(name)) continue;
      points.push_back(loss.id);
      if (shown.size() < points_named_max) shown.push_back(loss.id + " (" + loss.set + ")");
    }
    std::string need = "no point needs what is lost, but a later one could come to refer to it";
    if (!points.empty())
      need =
          format_count(points.size(), "point needs", "points need") + " what is lost: " + some_of(shown, points.size());
    if (!state_.request.repair) {
      state_.damage(object, what + "; " + need, hint(pack, !points.empty()));
      state_.outcome.findings.back().is_repairable = true;
    } else {
      const std::string saved = pack.remains.any()
                                    ? ", " + format_count(pack.remains.count()) + " of its " +
                                          format_count(pack.remains.sound.size(), "chunk", "chunks") + " saved"
                                    : "";
      state_.note(object, what + " (taken out of use" + saved + ")" + (points.empty() ? "" : "; " + need));
    }
    state_.outcome.findings.back().points = std::move(points);
  }

  static std::string hint(const BrokenPack& pack, bool is_needed) {
    const std::string repair =
        std::string("holdfast check ") + (pack.found_by_reading ? "--read-data 100% " : "") + "--repair";
    if (!is_needed) return repair;
    return "put it back from another copy of the repository; if there is none: " + repair + ", then back up again";
  }

  void tell_unindexed(const PackName& name, const std::string& object, const std::string& what) {
    if (state_.unused.contains(name))
      state_.note(object, what + "; it is out of use, and a prune removes it");
    else if (misses_elsewhere_)
      state_.damage(object, what + ", and no index segment names it: what points have lost may be in it",
                    "put it back from another copy of the repository");
    else
      state_.note(object, what + "; an interrupted run left it, no point needs it, and the next prune removes it");
  }

  void tell_unknown() {
    uint64_t needed = 0, others = 0;
    for (const PackName& name : state_.faults.unknown) {
      if (state_.unused.contains(name) || state_.broken.contains(name)) continue;
      ++(state_.reached.contains(name) ? needed : others);
    }
    const std::string repaired = state_.request.repair ? " (repaired)" : "";
    if (needed > 0) {
      const std::string what = format_count(needed, "pack", "packs") + " that points need " +
                               (needed == 1 ? "is" : "are") + " in no segment: a part of the index is lost";
      if (state_.request.repair)
        state_.note("index/", what + repaired);
      else
        state_.repairable("index/", what);
    }
    if (others > 0)
      state_.note("index/", format_count(others, "pack is", "packs are") + " in no segment and no point needs " +
                                (others == 1 ? "it" : "them") + ": an interrupted run left " +
                                (others == 1 ? "it" : "them") + repaired);
    if (others > 0) state_.outcome.findings.back().is_repairable = !state_.request.repair;
  }

  void tell_point(const PointLoss& loss) {
    std::string what = "set " + loss.set + ": ";
    if (loss.files > 0)
      what +=
          format_count(loss.files, "file", "files") + " cannot be restored: " + some_of(loss.first_files, loss.files);
    if (loss.is_tree_lost)
      what +=
          std::string(loss.files > 0 ? "; " : "") + "a part of its tree is lost, with files whose names are unknown";
    if (!loss.error.empty()) what += "; " + loss.error;
    state_.damage("point " + loss.id, what, hint(loss));
    Finding& finding = state_.outcome.findings.back();
    finding.files = loss.first_files;
    finding.file_count = loss.files;
    finding.points = {loss.id};
    state_.damaged.insert(loss.id);
  }

  // While a broken pack is in use, what is to be done is said there.
  std::string hint(const PointLoss& loss) const {
    if (!state_.request.repair && !loss.packs.empty()) return "";
    return "back up set " + loss.set +
           " again: that mends this point too, as far as the sources still have it; or put a lost pack back from "
           "another "
           "copy, then: holdfast check --read-data 100% --repair";
  }

  CheckState& state_;
  bool misses_elsewhere_ = false;
};

}  // namespace

void conclude(CheckState& state) {
  Findings(state).run();
}

}  // namespace hf
