#include "repo/prune.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "repo/emergency.h"
#include "repo/prune_sweep.h"
#include "repo/repack.h"

namespace hf {
namespace {

constexpr size_t index_segments_max = 8;
constexpr double meta_repack_below = 0.3;  // they are small, and reading them is what prune itself waits for
constexpr Duration clock_tolerance = one_day;
constexpr Duration left_over_after = 7 * one_day;  // checkpoints and sessions of runs that died
constexpr Duration writer_pack_age = std::chrono::hours(1);

// Of reading a pack in which something is needed.
template <typename T>
Result<T> readable(Result<T> read) {
  if (read.ok() || read.error().code() != Code::Corrupt) return read;
  return std::move(read).error().with_hint("holdfast check --read-data 100% --repair saves what is sound in it");
}

class Prune {
 public:
  Prune(Repository& repository, const PruneRequest& request, std::stop_token stop)
      : repository_(repository), store_(repository.store()), request_(request), stop_(std::move(stop)) {}

  Result<PruneOutcome> run() {
    HF_TRY(check_clocks());
    if (!request_.dry_run) {
      HF_TRY(repository_.signer());  // before anything is written
      session_ = HF_TRY(Session::begin(repository_, "prune"));
    }
    HF_TRY(repository_.chunks())->stay_with_index();
    HF_TRY(look());
    HF_TRY(check_forget());
    // A sweep cannot judge beside points that have lost data: those given up go first.
    if (request_.given_up.empty() && HF_TRY(sweep_due())) HF_TRY(look());
    HF_TRY(finish_forgetting());
    HF_TRY(choose());
    if (request_.dry_run) return outcome_;
    HF_TRY(repack_chosen());
    HF_TRY(condemn());
    if (request_.grace == Duration::zero() || !request_.given_up.empty()) {
      HF_TRY(look());
      HF_TRY(sweep_due());
    }
    HF_TRY(clean());
    HF_TRY(merge_index());
    return outcome_;
  }

 private:
  // Every backup adds a segment, and every command reads them all: a few larger ones instead. The new ones are durable
  // before the old ones go.
  Status merge_index() {
    Index& index = *HF_TRY(repository_.index());
    if (index.segment_names().size() <= index_segments_max) return {};
    const std::vector<std::string> old = HF_TRY(index.rewrite({}, repository_.deadline()).during("merge the index"));
    for (const std::string& name : old) HF_TRY(store_.remove(name, repository_.deadline()));
    return {};
  }

  Status check_clocks() {
    const WallTime now = HF_TRY(store_.now(repository_.deadline())), here = repository_.env().clock.wall();
    if (std::max(now, here) - std::min(now, here) > clock_tolerance)
      return Error(Code::Refused, "the store's clock says " + format_time_rfc3339(now) + " and this machine's " +
                                      format_time_rfc3339(here) + ": ages cannot be told")
          .with_hint("set the clock that is wrong");
    return {};
  }

  Status look() {
    survey_ = HF_TRY(survey(repository_, session_.get()));
    const std::vector<SeenSession>& sessions = survey_.live_sessions;
    WallTime newest = survey_.newest_manifest;
    for (const GcRecord& record : survey_.gc.records) newest = std::max(newest, record.stored);
    if (newest - survey_.now > clock_tolerance)
      return Error(Code::Refused, "the store's clock went back: it says " + format_time_rfc3339(survey_.now) +
                                      ", and has objects of " + format_time_rfc3339(newest))
          .with_hint("set the store's clock");
    if (request_.grace == Duration::zero() && !sessions.empty())
      return Error(Code::Held,
                   "a run that writes to this repository is alive (" +
                       (sessions.front().what.empty() ? "session " + sessions.front().id : sessions.front().what) +
                       "): without a grace nothing can be deleted beside it")
          .with_hint("wait for it, or prune with a grace");
    return {};
  }

  Status check_forget() {
    forget_.clear();
    for (const Forgotten& forgotten : request_.forget) {
      const bool is_there = std::any_of(survey_.points.begin(), survey_.points.end(),
                                        [&](const Point& point) { return point.object == forgotten.name; }) ||
                            std::count(survey_.unreadable.begin(), survey_.unreadable.end(), forgotten.name) > 0;
      if (!is_there) return Error(Code::NotFound, "there is no point " + forgotten.name + " to forget");
      forget_.insert(forgotten.name);
    }
    std::map<std::string, const Point*> newest_complete;  // by set; points are in order
    for (const Point& point : survey_.points)
      if (point.manifest.status == PointStatus::Complete && !is_emergency(point.manifest))
        newest_complete[point.manifest.set] = &point;
    for (const auto& [set, point] : newest_complete) {
      if (!forget_.contains(point->object)) continue;
      if (request_.given_up.contains(point->object) && HF_TRY(has_lost_data(*point))) continue;
      return Error(Code::Refused, "point " + short_id(point->id) + " is the newest complete one of set " + set +
                                      ": it is never forgotten while it can be restored");
    }
    outcome_.points_forgotten = forget_.size();
    return {};
  }

  Result<bool> has_lost_data(const Point& point) {
    Usage usage(repository_, *HF_TRY(repository_.index()), {});
    const Status marked = usage.mark(point.manifest);
    if (marked.ok()) return false;
    if (!Usage::is_loss(marked.error())) return marked.error().clone();
    return true;
  }

  Result<bool> sweep_due() {
    const SweepRequest request{.grace = request_.grace, .session = session_.get()};
    return sweep(repository_, survey_, request, outcome_);
  }

  Status finish_forgetting() {
    if (request_.dry_run) return {};
    for (const std::string& object : survey_.forgotten_left) HF_TRY(remove_forgotten(object));
    return {};
  }

  // The proofs of a point go before it: its id is known only as long as it is there.
  Status remove_forgotten(const std::string& object) {
    if (const Result<Point> point = load_point(repository_, object); point.ok() && object.starts_with("manifests/")) {
      std::vector<std::string> proofs;
      HF_TRY(store_.list(
          "attachments/" + point.value().id.hex() + "/",
          [&](const ObjectInfo& info) -> Status {
            proofs.push_back(info.name);
            return {};
          },
          repository_.deadline()));
      for (const std::string& proof : proofs) HF_TRY(store_.remove(proof, repository_.deadline()));
    }
    return store_.remove(object, repository_.deadline()).during("remove " + object);
  }

  // A checkpoint's session is in its name: <session>-<n>.
  void choose_checkpoints() {
    for (const auto& [object, modified] : survey_.checkpoint_times) {
      if (survey_.gc.is_forgotten(object) || survey_.now - modified < left_over_after) continue;
      const std::string name = object.substr(object.rfind('/') + 1);
      const bool is_alive = std::any_of(survey_.live_sessions.begin(), survey_.live_sessions.end(),
                                        [&](const SeenSession& session) { return name.starts_with(session.id + "-"); });
      if (is_alive) continue;
      condemned_.checkpoints.push_back(object);
      forget_.insert(object);
    }
    std::sort(condemned_.checkpoints.begin(), condemned_.checkpoints.end());
  }

  Status choose() {
    choose_checkpoints();
    const std::vector<PackName> before = survey_.gc.condemned_packs();
    const PackSet condemned(before.begin(), before.end());
    Usage usage(repository_, *HF_TRY(repository_.index()), condemned);
    HF_TRY(usage.mark_all(survey_, forget_));
    condemned_before_ = before;
    std::vector<std::pair<double, RepackSource>> partial;
    for (const auto& [name, pack] : survey_.packs) {
      // It may belong to a writer that has not come to its manifest yet: harmless, but then it is condemned for
      // nothing.
      const bool is_fresh = !survey_.live_sessions.empty() && survey_.now - pack.modified < writer_pack_age;
      if (condemned.contains(name) || is_fresh) continue;
      if (usage.reached(name) == nullptr) {
        condemned_.packs.push_back(name);
        outcome_.bytes_condemned += pack.size;
      } else if (usage.is_partial(name)) {
        RepackSource source{.name = name, .kind = pack.kind, .size = pack.size, .live = *usage.reached(name)};
        const double share = HF_TRY(readable(live_share(repository_, source)));
        if (share < (pack.kind == PackKind::Data ? request_.repack_below : meta_repack_below))
          partial.emplace_back(share, std::move(source));
      }
    }
    // Those first that give back most for what must be read.
    std::sort(partial.begin(), partial.end(), [](const auto& a, const auto& b) {
      return std::tie(a.first, a.second.name) < std::tie(b.first, b.second.name);
    });
    for (auto& [share, source] : partial) {
      if (source.size > request_.repack_bytes_max - outcome_.bytes_repacked) continue;
      outcome_.bytes_repacked += source.size;
      outcome_.bytes_condemned += source.size;
      repacks_.push_back(std::move(source));
    }
    outcome_.packs_repacked = repacks_.size();
    outcome_.packs_condemned = condemned_.packs.size() + repacks_.size();
    return {};
  }

  // New packs must not lean on anything that goes.
  Status repack_chosen() {
    if (repacks_.empty()) return {};
    Index& index = *HF_TRY(repository_.index());
    std::vector<PackName> going = condemned_before_;
    going.insert(going.end(), condemned_.packs.begin(), condemned_.packs.end());
    for (const RepackSource& source : repacks_) going.push_back(source.name);
    std::erase_if(going, [&](const PackName& pack) { return index.is_excluded(pack); });
    index.exclude(going);
    Status done = repack(repository_, repacks_, stop_);
    index.admit(going);
    HF_TRY(readable(std::move(done)));
    for (const RepackSource& source : repacks_) condemned_.packs.push_back(source.name);
    return {};
  }

  Status condemn() {
    if (condemned_.packs.empty() && forget_.empty()) return {};
    if (stop_.stop_requested()) return Error(Code::Cancelled, "asked to stop");
    condemned_.manifests = request_.forget;
    HF_TRY(session_->check_alive());
    const std::string record = HF_TRY(write_condemned(repository_, condemned_, survey_.gc.newest()));
    const ObjectInfo stored = HF_TRY(store_.info(record, repository_.deadline()));
    if (!condemned_.packs.empty()) outcome_.deletes_at = stored.modified + request_.grace;
    for (const std::string& object : forget_) HF_TRY(remove_forgotten(object));
    return {};
  }

  // Sessions of runs that died long ago, and what interrupted puts left.
  Status clean() {
    for (const SeenSession& session : HF_TRY(list_sessions(repository_)))
      if (survey_.now - session.beat > left_over_after)
        HF_TRY(store_.remove("sessions/" + session.id, repository_.deadline()));
    HF_TRY(store_.clean(repository_.deadline()));
    return {};
  }

  Repository& repository_;
  Store& store_;
  const PruneRequest& request_;
  const std::stop_token stop_;
  std::unique_ptr<Session> session_;
  Survey survey_;
  std::unordered_set<std::string> forget_;  // manifests and checkpoints
  std::vector<PackName> condemned_before_;
  Condemned condemned_;
  std::vector<RepackSource> repacks_;
  PruneOutcome outcome_;
};

}  // namespace

Result<PruneOutcome> prune(Repository& repository, const PruneRequest& request, std::stop_token stop) {
  return Prune(repository, request, std::move(stop)).run();
}

}  // namespace hf
