#include "repo/copy_points.h"

#include <algorithm>

#include "repo/copy_packs.h"
#include "repo/prune_guard.h"

namespace hf {
namespace {

// Points are copied together up to so many bytes of packs, so that streams are busy and there is one barrier for many.
constexpr uint64_t batch_bytes_max = 256ull << 20;

bool is_of_origin(const Error& error) {
  return error.code() == Code::Corrupt || error.code() == Code::NotFound || error.code() == Code::KeyMissing;
}

class CopyPoints {
 public:
  CopyPoints(Repository& from, Repository& to, const CopyRequest& request, std::stop_token stop)
      : from_(from), to_(to), request_(request), stop_(std::move(stop)), finder_(from, to) {}

  Result<CopyOutcome> run() {
    std::vector<SetDifference> sets = HF_TRY(compare_sets(from_, to_, directories()));
    for (const std::string& name : request_.but) {
      const std::string left_out = from_.ring().set_directory(name);
      std::erase_if(sets, [&](const SetDifference& set) { return set.directory == left_out; });
    }
    const bool any = std::any_of(sets.begin(), sets.end(), [](const SetDifference& set) { return set.any(); });
    for (const SetDifference& set : sets) {
      if (set.fork) outcome_.diverged.push_back({.set = set.directory, .number = *set.fork});
      for (const std::string& manifest : set.unreadable) problem(manifest);
    }
    if (any || request_.refill) {
      HF_TRY(begin());
      if (!request_.dry_run) HF_TRY(tell_forgotten(sets));
      if (request_.refill) HF_TRY(refill());
      for (const SetDifference& set : sets) HF_TRY(copy_set(set));
    }
    HF_TRY(copy_proofs());
    // From now on this machine knows the copy: an empty place there is no new one.
    if (!request_.dry_run) (void)to_.trust().save(to_.world().fs).ok();
    return std::move(outcome_);
  }

 private:
  std::optional<std::set<std::string>> directories() const {
    if (!request_.sets) return std::nullopt;
    std::set<std::string> all;
    for (const std::string& set : *request_.sets) all.insert(from_.ring().set_directory(set));
    return all;
  }

  void problem(std::string what) {
    if (std::find(outcome_.problems.begin(), outcome_.problems.end(), what) == outcome_.problems.end())
      outcome_.problems.push_back(std::move(what));
  }

  // As a backup begins: what a condemned pack holds counts as absent.
  Status begin() {
    if (!request_.dry_run) {
      HF_TRY(to_.signer());  // before anything is written
      session_ = HF_TRY(Session::begin(to_, "target sync"));
    }
    const GcRecords gc = HF_TRY(read_gc_records(to_));
    gc_seen_ = gc.newest();
    HF_TRY(to_.index())->exclude(gc.condemned_packs());
    for (const GcRecord& record : gc.records) {
      not_by_name_.insert(record.condemned.packs.begin(), record.condemned.packs.end());
      if (!record.swept) continue;
      for (const PackName& pack : record.swept->resurrected) not_by_name_.erase(pack);
    }
    return {};
  }

  Status tell_forgotten(const std::vector<SetDifference>& sets) {
    Condemned record;
    for (const SetDifference& set : sets)
      record.manifests.insert(record.manifests.end(), set.forgotten.begin(), set.forgotten.end());
    if (record.manifests.empty()) return {};
    const auto by_name = [](const Forgotten& a, const Forgotten& b) { return a.name < b.name; };
    std::sort(record.manifests.begin(), record.manifests.end(), by_name);
    record.manifests.erase(std::unique(record.manifests.begin(), record.manifests.end(),
                                       [](const Forgotten& a, const Forgotten& b) { return a.name == b.name; }),
                           record.manifests.end());
    HF_TRY(write_condemned(to_, std::move(record), gc_seen_));
    return {};
  }

  Status copy_set(const SetDifference& set) {
    std::vector<const Point*> batch;
    uint64_t bytes = 0;
    std::set<uint64_t> numbers = set.heads;
    for (const auto& [number, point] : set.points) numbers.insert(number);
    std::vector<uint64_t> waiting;
    for (const uint64_t number : numbers) {
      waiting.push_back(number);
      if (const auto point = set.points.find(number); point != set.points.end()) {
        HF_TRY(need(point->second));
        bytes = 0;
        for (const auto& [name, pack] : finder_.needed()) bytes += pack.source.size;
      }
      if (bytes < batch_bytes_max) continue;
      HF_TRY(copy_batch(set, waiting));
      waiting.clear();
      bytes = 0;
    }
    return copy_batch(set, waiting);
  }

  // A point that lost something where it comes from is left out, by name.
  Status need(const Point& point) {
    const Status added = finder_.add(point.manifest);
    if (added.ok()) return {};
    if (!is_of_origin(added.error())) return added.error().clone();
    problem("point " + short_id(point.id) + ": " + added.error().message());
    incomplete_.insert(point.object);
    return {};
  }

  Status copy_batch(const SetDifference& set, const std::vector<uint64_t>& numbers) {
    HF_TRY(copy_needed());
    for (const uint64_t number : numbers) {
      if (stop_.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      if (const auto point = set.points.find(number); point != set.points.end()) HF_TRY(copy_point(point->second));
      if (set.heads.contains(number)) HF_TRY(copy_head(set.directory, number));
    }
    return {};
  }

  Status copy_needed() {
    const NeededPacks packs = std::exchange(finder_.needed(), {});
    if (packs.empty()) return {};
    for (const auto& [name, pack] : packs) bytes_total_ += pack.source.size;
    if (request_.dry_run) {
      for (const auto& [name, pack] : packs) would_copy(name, pack);
      return {};
    }
    CopyPacksRequest request{.streams = request_.streams};
    request.progress = [&](uint64_t bytes) {
      bytes_done_ += bytes;
      if (request_.progress) request_.progress(bytes_done_, bytes_total_);
    };
    CopiedPacks copied = HF_TRY(copy_packs(from_, to_, packs, not_by_name_, request, stop_));
    outcome_.packs += copied.packs;
    outcome_.bytes += copied.bytes;
    for (const std::string& damaged : copied.damaged) problem(damaged);
    may_lack_ = may_lack_ || !copied.damaged.empty();
    return {};
  }

  bool is_new(const std::string& object) const {
    return request_.counted == nullptr || request_.counted->insert(object).second;
  }

  void would_copy(const PackName& name, const NeededPack& pack) {
    if (!would_copy_.insert(name).second || !is_new(name.hex())) return;
    ++outcome_.packs;
    outcome_.bytes += pack.source.size;
  }

  Status copy_point(const Point& point) {
    if (incomplete_.contains(point.object)) return {};
    if (may_lack_ && !HF_TRY(is_complete_there(point))) return {};
    if (request_.dry_run) {
      if (is_new(point.object)) ++outcome_.points;
      return {};
    }
    Result<Bytes> bytes = get_whole(from_.store(), point.object, small_object_bytes_max, from_.deadline());
    if (!bytes.ok() && is_of_origin(bytes.error())) return {};  // forgotten meanwhile
    const Bytes object = HF_TRY(std::move(bytes));
    if (!(sha256(object) == point.digest)) {
      problem(point.object + ": it has changed while it was copied");
      return {};
    }
    HF_TRY(session_->check_alive());
    if (!HF_TRY(put_same(point.object, object))) return {};
    // From here on a sweep sees the manifest. What one had taken away before makes it void.
    Status kept = expect_packs_kept(to_, point, gc_seen_);
    if (kept.ok()) kept = session_->check_alive();
    if (!kept.ok()) {
      HF_TRY(to_.store().remove(point.object, to_.deadline()));
      return std::move(kept).during("copy point " + short_id(point.id));
    }
    ++outcome_.points;
    return {};
  }

  Result<bool> is_complete_there(const Point& point) {
    NeedFinder lacking(from_, to_);
    HF_TRY(lacking.add(point.manifest));
    if (lacking.needed().empty()) return true;
    problem("point " + short_id(point.id) + ": some of its packs are damaged there");
    incomplete_.insert(point.object);
    return false;
  }

  Status copy_head(const std::string& directory, uint64_t number) {
    const std::string object = "heads/" + directory + manifest_object("", number).substr(10);
    const Result<Bytes> bytes = get_whole(from_.store(), object, small_object_bytes_max, from_.deadline());
    const Result<SignedBody> body =
        bytes.ok() ? open_signed(from_.ring(), from_.signers(), SignedKind::Head, object, bytes.value())
                   : bytes.error().clone();
    if (!body.ok()) {
      if (!is_of_origin(body.error())) return body.error().clone();
      problem(object + ": " + body.error().message());
      return {};
    }
    if (request_.dry_run) {
      if (is_new(object)) ++outcome_.heads;
      return {};
    }
    if (!HF_TRY(put_same(object, bytes.value()))) return {};
    ++outcome_.heads;
    const SeenHead* seen = to_.seen_head(directory);
    if (seen == nullptr || seen->sequence < number)
      to_.see_head(directory, {.sequence = number, .digest = body.value().digest});
    return {};
  }

  // False if another object has the name: the set has diverged just now.
  Result<bool> put_same(const std::string& object, BytesView bytes) {
    const Status put = to_.store().put(object, bytes, Durable::Now, to_.deadline());
    if (put.ok()) return true;
    if (put.error().code() != Code::Exists) return put.error().clone();
    const Bytes there = HF_TRY(get_whole(to_.store(), object, small_object_bytes_max, to_.deadline()));
    if (equal(there, bytes)) return true;
    problem(object + ": another one is there already; it was left as it is");
    return false;
  }

  // Chunks that points of `to` have lost, or that never came.
  Status refill() {
    for (const Point& point : HF_TRY(list_points(to_)).points) {
      const Status added = finder_.add(point.manifest);
      if (!added.ok() && !is_of_origin(added.error())) return added.error().clone();
    }
    HF_TRY(copy_needed());
    return {};
  }

  Status copy_proofs() {
    std::vector<std::string> names;
    std::set<std::string> there;
    const auto list = [&](Repository& repository, const Store::Visitor& visit) {
      return repository.store().list("attachments/", visit, repository.deadline());
    };
    HF_TRY(list(to_, [&](const ObjectInfo& info) -> Status {
      there.insert(info.name);
      return {};
    }));
    HF_TRY(list(from_, [&](const ObjectInfo& info) -> Status {
      if (!there.contains(info.name)) names.push_back(info.name);
      return {};
    }));
    if (names.empty()) return {};
    std::set<std::string> points;  // that `to` has, by id
    for (const Point& point : HF_TRY(list_points(to_)).points) points.insert(point.id.hex());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string rest = name.substr(12);
      if (!points.contains(rest.substr(0, rest.find('/')))) continue;
      HF_TRY(copy_proof(name));
    }
    return {};
  }

  Status copy_proof(const std::string& name) {
    const Result<Bytes> bytes = get_whole(from_.store(), name, small_object_bytes_max, from_.deadline());
    if (!bytes.ok()) return is_of_origin(bytes.error()) ? Status() : Status(bytes.error().clone());
    const Status sound = [&]() -> Status {
      HF_TRY(open_signed(from_.ring(), from_.signers(), SignedKind::Attachment, name, bytes.value()));
      return {};
    }();
    if (!sound.ok()) {
      problem(name + ": " + sound.error().message());
      return {};
    }
    if (request_.dry_run) {
      if (is_new(name)) ++outcome_.proofs;
      return {};
    }
    ++outcome_.proofs;
    HF_TRY(put_same(name, bytes.value()));
    return {};
  }

  Repository& from_;
  Repository& to_;
  const CopyRequest& request_;
  const std::stop_token stop_;
  NeedFinder finder_;
  std::unique_ptr<Session> session_;
  uint32_t gc_seen_ = 0;
  PackSet not_by_name_;
  std::set<std::string> incomplete_;  // manifests
  bool may_lack_ = false;             // a pack did not come, and what needs it is not known any more
  std::set<PackName> would_copy_;
  uint64_t bytes_done_ = 0, bytes_total_ = 0;
  CopyOutcome outcome_;
};

}  // namespace

Result<CopyOutcome> copy_points(Repository& from, Repository& to, const CopyRequest& request, std::stop_token stop) {
  return CopyPoints(from, to, request, std::move(stop)).run();
}

}  // namespace hf
