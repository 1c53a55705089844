// An index segment is written every 8 GiB: what is copied up to there is found again after an interruption without
// being read again. Of packs that are there and in no segment every byte is read once, which costs less than to send
// it.
#include "repo/copy_packs.h"

#include <atomic>
#include <mutex>

#include "crypto/hash.h"

namespace hf {
namespace {

constexpr uint64_t slice_bytes_max = 8ull << 30;
constexpr size_t slice_packs_max = 1024;
constexpr uint64_t large_pack_bytes = 48u << 20;

class CopyPacks {
 public:
  CopyPacks(Repository& from, Repository& to, const CopyPacksRequest& request, std::stop_token stop)
      : from_(from), to_(to), request_(request), stop_(std::move(stop)) {}

  Result<CopiedPacks> run(const NeededPacks& packs, const PackSet& not_by_name) {
    std::vector<const NeededPack*> again;
    uint64_t bytes = 0;
    for (const auto& [name, pack] : packs) {
      if (not_by_name.contains(name)) {
        again.push_back(&pack);
        continue;
      }
      slice_.push_back(&pack);
      bytes += pack.source.size;
      if (bytes < slice_bytes_max && slice_.size() < slice_packs_max) continue;
      HF_TRY(copy_slice());
      bytes = 0;
    }
    HF_TRY(copy_slice());
    HF_TRY(store_again(again));
    return shared_.with([](Shared& all) { return std::move(all.copied); });
  }

 private:
  struct Shared {
    CopiedPacks copied;
    std::vector<std::pair<PackInfo, std::vector<ChunkId>>> arrived;
  };

  Status copy_slice() {
    if (slice_.empty()) return {};
    next_ = 0;
    TaskGroup tasks;
    const size_t streams = std::min<size_t>(std::max(request_.streams, 1u), slice_.size());
    for (size_t stream = 0; stream < streams; ++stream) {
      tasks.start("copy", [this](std::stop_token failed) -> Status {
        for (size_t i = next_++; i < slice_.size(); i = next_++) {
          if (stop_.stop_requested() || failed.stop_requested()) return Error(Code::Cancelled, "asked to stop");
          HF_TRY(copy_one(*slice_[i]));
        }
        return {};
      });
    }
    const Status copied = tasks.join();
    slice_.clear();
    // What has come before it was stopped is kept: the next try goes on from there.
    if (!copied.ok() && copied.error().code() != Code::Cancelled) return copied.error().clone();
    HF_TRY(to_.store().flush(to_.deadline()));
    Index& index = *HF_TRY(to_.index());
    for (const auto& [pack, ids] : shared_.with([](Shared& all) { return std::exchange(all.arrived, {}); }))
      index.add(pack, ids);
    HF_TRY(index.write_pending(to_.deadline()));
    return copied.ok() ? Status() : Status(copied.error().clone());
  }

  Status copy_one(const NeededPack& pack) {
    std::unique_lock<std::mutex> alone(large_, std::defer_lock);
    if (pack.source.size > large_pack_bytes) alone.lock();
    const std::string object = pack_object_name(pack.source.kind, pack.source.name);
    if (HF_TRY(take_what_is_there(pack, object))) return {};
    Result<Bytes> bytes = from_.store().get(object, 0, pack.source.size, from_.deadline());
    Result<PackInFull> opened = bytes.ok() ? open(pack, bytes.value()) : std::move(bytes).error();
    if (!opened.ok()) {
      const Code code = opened.error().code();
      if (code != Code::Corrupt && code != Code::NotFound && code != Code::KeyMissing) return std::move(opened).error();
      shared_.with([&](Shared& all) { all.copied.damaged.push_back(object + ": " + opened.error().message()); });
      return {};
    }
    const Status put = to_.store().put(object, bytes.value(), Durable::Later, to_.deadline());
    if (!put.ok() && put.error().code() != Code::Exists) return put.error().clone();
    arrived(pack, std::move(opened.value().table.ids), true);
    return {};
  }

  Result<PackInFull> open(const NeededPack& pack, BytesView bytes) const {
    if (!(PackName(blake3(bytes)) == pack.source.name))
      return Error(Code::Corrupt, "its bytes are not what its name says");
    return open_whole_pack(from_.ring(), pack.source.kind, bytes);
  }

  // Of an earlier try, in no segment yet. A power loss may have torn it: then nothing refers to it, and it goes.
  Result<bool> take_what_is_there(const NeededPack& pack, const std::string& object) {
    const Result<ObjectInfo> there = to_.store().info(object, to_.deadline());
    if (!there.ok() && there.error().code() == Code::NotFound) return false;
    if (!there.ok()) return there.error().clone();
    Result<Bytes> bytes = get_whole(to_.store(), object, pack_bytes_max, to_.deadline());
    if (!bytes.ok() && bytes.error().code() != Code::Corrupt) return std::move(bytes).error();
    Result<PackInFull> opened = bytes.ok() ? open(pack, bytes.value()) : std::move(bytes).error();
    if (opened.ok()) {
      arrived(pack, std::move(opened.value().table.ids), false);
      return true;
    }
    HF_TRY(to_.store().remove(object, to_.deadline()));
    return false;
  }

  void arrived(const NeededPack& pack, std::vector<ChunkId> ids, bool was_sent) {
    const PackInfo info{
        .name = pack.source.name, .kind = pack.source.kind, .size = pack.source.size, .epoch = pack.epoch};
    shared_.with([&](Shared& all) {
      all.arrived.emplace_back(info, std::move(ids));
      if (was_sent) {
        ++all.copied.packs;
        all.copied.bytes += info.size;
      }
      if (request_.progress) request_.progress(info.size);
    });
  }

  Status store_again(const std::vector<const NeededPack*>& packs) {
    if (packs.empty()) return {};
    Pipeline pipeline(to_.env(), to_.store(), to_.ring(), *HF_TRY(to_.index()), {}, to_.deadline());
    Status copied;
    for (const NeededPack* pack : packs) {
      copied = copy_chunks(from_, pipeline, pack->source, stop_);
      if (!copied.ok() && (copied.error().code() == Code::Corrupt || copied.error().code() == Code::NotFound)) {
        shared_.with([&](Shared& all) {
          all.copied.damaged.push_back(pack_object_name(pack->source.kind, pack->source.name) + ": " +
                                       copied.error().message());
        });
        copied = Status();
      }
      if (copied.ok() && pipeline.undrained_chunks() > pending_chunks_max) copied = pipeline.drain();
      if (!copied.ok()) break;
    }
    const Status finished = pipeline.finish();
    if (!copied.ok() && (finished.ok() || copied.error().code() != Code::Cancelled)) return copied;
    if (!finished.ok()) return finished.error().clone();
    shared_.with([&](Shared& all) {
      all.copied.packs += pipeline.counts().packs;
      all.copied.bytes += pipeline.counts().bytes_stored;
    });
    return {};
  }

  Repository& from_;
  Repository& to_;
  const CopyPacksRequest& request_;
  const std::stop_token stop_;
  std::vector<const NeededPack*> slice_;
  std::atomic<size_t> next_{0};
  std::mutex large_;
  Guarded<Shared> shared_;
};

}  // namespace

Result<CopiedPacks> copy_packs(Repository& from, Repository& to, const NeededPacks& packs, const PackSet& not_by_name,
                               const CopyPacksRequest& request, std::stop_token stop) {
  return CopyPacks(from, to, request, std::move(stop)).run(packs, not_by_name);
}

}  // namespace hf
