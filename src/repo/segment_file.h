// SegmentFile: one segment of the index, to look up in: 1.3 bytes an entry in memory, the rest in this machine's cache.
//
// It is checked as a whole when it is loaded. Each block that is read later is compared with its keyed hash of then;
// one that is not the same any more (the disk failed, or somebody wrote to it) makes the segment be fetched from the
// store once again, and kept in memory from then on. So a lookup answers right or says that it cannot: a wrong "absent"
// would make prune delete what is referenced, and a wrong "present" a backup leave out data. Safe to use from several
// threads.
#pragma once

#include <functional>
#include <mutex>

#include "repo/block_cache.h"
#include "repo/segment_cache.h"
#include "store/store.h"

namespace hf {

// What the segments of one index share.
struct SegmentSource {
  Store& store;
  const KeyRing& ring;
  SegmentCache cache;
  BlockCache blocks{};
};

class SegmentFile {
 public:
  // From this machine's cache; else from the store, and then it is in the cache. Corrupt if the store's is damaged.
  static Result<std::unique_ptr<SegmentFile>> load(SegmentSource& source, std::string name, const Deadline& deadline);
  // Of a segment's bytes at hand. `name` "": the store has none.
  static Result<std::unique_ptr<SegmentFile>> make(SegmentSource& source, std::string name, Bytes plain,
                                                   const Deadline& deadline);

  const std::string& name() const { return name_; }
  const SegmentSummary& summary() const { return summary_; }
  size_t memory_bytes() const;

  // All entries that begin as the id does. One that is absent costs no read, but for one in eighty. Failed if a block
  // can be had neither here nor from the store, or the store's error: never Corrupt or NotFound, which say something of
  // a repository.
  Result<std::vector<SegmentEntry>> find_all(const ChunkId& id) const;
  // All entries, in order.
  Status each(const std::function<void(const SegmentEntry&)>& visit) const;
  // Corrupt if the object in the store is not what was read from the cache; NotFound if it is there no longer.
  Status audit(const Deadline& deadline) const;

 private:
  SegmentFile(SegmentSource& source, std::string name, const Deadline& deadline);
  Result<Bytes> fetch(const Deadline& deadline) const;
  const SegmentBytes& bytes() const;
  Result<const SegmentBytes*> fetch_again() const;
  Status read_block(size_t number, BlockCache::Block& block) const;
  bool is_block(size_t number, const SegmentBytes& bytes, std::span<SegmentEntry> block) const;
  std::span<SegmentEntry> part_of(size_t number, BlockCache::Block& block) const;

  SegmentSource& source_;
  const std::string name_;
  const SegmentKeys keys_;
  const Deadline deadline_;
  const uint32_t owner_;
  bool is_from_cache_ = false;
  SegmentSummary summary_;
  std::unique_ptr<SegmentBytes> bytes_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<SegmentBytes> fetched_;  // in memory, once bytes_ turned out to be wrong
};

}  // namespace hf
