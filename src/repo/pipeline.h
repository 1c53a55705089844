// Pipeline: chunks in, verified packs in the store.
//
//   add() [caller's thread: hash, look up, group] → compress × cores → pack (seal, append) → verify, store × 2
//
// Each arrow is a queue with a limit, so memory has a ceiling by construction: 4 groups before compression and 4 behind
// it (at most 8 MiB each, mostly 1 to 4), one pack being filled, one waiting and two being verified (36 MiB each,
// used again for the next): about 190 MiB. Chunks that are there already are never compressed, what does not compress
// is stored raw, and every pack is read back in full, as a restore would, before it goes to the store.
#pragma once

#include <atomic>
#include <unordered_set>

#include "base/task_group.h"
#include "repo/chunk_reader.h"
#include "repo/cutter.h"

namespace hf {

struct PipelineOptions {
  int level = 3;
  unsigned workers = 2;
};

struct PipelineCounts {
  std::atomic<uint64_t> bytes_new{0};     // raw, of chunks not there before
  std::atomic<uint64_t> bytes_known{0};   // raw, of chunks found again
  std::atomic<uint64_t> bytes_stored{0};  // of packs
  std::atomic<uint64_t> chunks_new{0}, chunks_known{0}, packs{0};
};

// add(), drain() and finish() belong to one thread.
class Pipeline {
 public:
  Pipeline(Env env, Store& store, const KeyRing& ring, Index& index, PipelineOptions options, Deadline deadline);
  ~Pipeline();

  // The chunk's id; its bytes are copied if they are new. Cancelled once a stage has failed: finish() tells why.
  Result<ChunkId> add(CutClass cut, BytesView bytes, PieceTable pieces);
  Result<ChunkId> add_meta(BytesView bytes);
  MetaPut meta_put() {
    return [this](const Bytes& bytes) { return add_meta(bytes); };
  }

  // Everything added so far is in the store, durable, and in a durable index segment. Then goes on.
  Status drain();
  // drain(), and the stages end. The first error of any stage.
  Status finish();

  const PipelineCounts& counts() const { return counts_; }
  // New chunks since the last drain(): what remembering them costs memory for.
  size_t undrained_chunks() const { return recent_.size(); }

 private:
  // One item for the pack stage: a group, or an order to close the packs being filled.
  struct Packable {
    std::optional<Group> group;
  };
  struct OpenGroup {
    Group group;
    CutClass cut = CutClass::Whole;
  };
  static constexpr size_t slots = 5;

  void start();
  Status add_to(size_t slot, PackKind kind, CutClass cut, const ChunkId& id, BytesView bytes, PieceTable pieces);
  Status push_group(size_t slot);
  Status compress_stage(std::stop_token stop);
  Status pack_stage(std::stop_token stop);
  Status store_stage(std::stop_token stop);
  Result<PackBuilder> begin_pack(PackKind kind);
  Status close_pack(std::optional<PackBuilder>& builder, std::stop_token stop);
  Status settle();
  void finished_one();

  Env env_;
  Store& store_;
  const KeyRing& ring_;
  Index& index_;
  const PipelineOptions options_;
  const Deadline deadline_;
  PipelineCounts counts_;
  std::array<OpenGroup, slots> open_;
  std::unordered_set<ChunkId, IdHash> recent_;

  BoundedQueue<OpenGroup> groups_{4};
  BoundedQueue<Packable> packable_{4};
  BoundedQueue<FinishedPack> packs_{1};
  Guarded<std::vector<Bytes>> spare_;  // memory of packs that are stored, for the next ones
  // Groups and packs on their way; drain() waits until it is zero.
  std::mutex settle_mutex_;
  std::condition_variable_any settled_;
  size_t groups_under_way_ = 0, packs_under_way_ = 0;
  bool running_ = false;
  TaskGroup tasks_;  // last: its threads end before what they use
};

}  // namespace hf
