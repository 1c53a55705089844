// Index: which pack holds which chunk. A cache of the packs' trailers, and never more than a hint.
//
// Segments are immutable and sorted by the first 16 bytes of the chunk's id, 24 bytes an entry. In memory are 1.3 bytes
// an entry (segment_file.h): 1 TiB at 256 KiB is 4 M entries, 96 MB on this machine's disk and 5 MB in memory. What the
// running session added and has not written yet is in a hash table beside them. Lookups and additions may come from
// several threads.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/result.h"
#include "keys/key_ring.h"
#include "repo/pack.h"
#include "repo/segment_file.h"

namespace hf {

// Chunks that a run adds before it writes them, at about 100 bytes each. Where one pack holds more, it is more.
inline constexpr size_t pending_chunks_max = 256u << 10;

struct ChunkPlace {
  uint32_t pack = 0;     // ordinal in Index::packs()
  uint32_t ordinal = 0;  // of the chunk in the pack's trailer
};

class Index {
 public:
  // `cache_directory` is this repository's alone; "": everything is in memory.
  Index(Env env, Store& store, const KeyRing& ring, Fs& fs, std::string cache_directory);

  // Reads all segments of the store. Segments that cannot be read are named in `damaged`, and the packs that no
  // readable segment knows are read instead. Called again it reads the segments that are new since. Returns an error
  // only if the store cannot be listed or a pack's trailer not be fetched for lack of a key or connection.
  Status load(const Deadline& deadline);
  const std::vector<std::string>& damaged() const { return damaged_; }
  // Reads past this machine's cache: segments that are damaged in the store are named in damaged() though all that they
  // hold is known.
  Status audit(const Deadline& deadline);
  // For a reader who misses a chunk: segments that are new since, and the trailers of all packs that no segment names.
  Status recover(const Deadline& deadline);

  // Chunks in packs given to exclude() count as absent. An error says that it is not known whether the chunk is there:
  // it must never be taken for "absent".
  Result<std::optional<ChunkPlace>> find(PackKind kind, const ChunkId& id) const;
  Result<bool> contains(PackKind kind, const ChunkId& id) const;
  // All packs that hold it, but for excluded ones.
  Result<std::vector<ChunkPlace>> find_all(PackKind kind, const ChunkId& id) const;
  void exclude(const std::vector<PackName>& packs);
  void admit(const std::vector<PackName>& packs);  // takes exclude() back
  bool is_excluded(const PackName& pack) const;

  PackInfo pack(uint32_t ordinal) const;
  std::vector<PackInfo> packs() const;
  size_t chunk_count() const;
  size_t memory_bytes() const;                 // of the segments
  std::vector<uint32_t> chunk_counts() const;  // of each pack, by its ordinal
  const std::vector<std::string>& segment_names() const { return segment_names_; }

  // A pack of this session is in the store.
  void add(const PackInfo& pack, const std::vector<ChunkId>& ids);
  size_t pending_chunks() const;  // of add(), not written yet: about 100 bytes each
  // Writes what add() gave since the last time as a segment, durable. The packs must be durable before.
  Status write_pending(const Deadline& deadline);
  // Replaces all segments by ones without `dropped` packs: writes the new ones, durable; returns the old ones' names,
  // which the caller removes after it has recorded why.
  Result<std::vector<std::string>> rewrite(const std::vector<PackName>& dropped, const Deadline& deadline);

 private:
  struct Loaded {
    std::unique_ptr<SegmentFile> file;
    std::vector<uint32_t> ordinals;  // segment's pack number → ours
  };
  struct Part {
    const SegmentFile* segment;
    std::vector<uint32_t> packs;  // by the segment's numbers
  };
  uint32_t intern(const PackInfo& pack);
  void adopt(std::unique_ptr<SegmentFile> file);
  Status adopt_unknown_packs(const Deadline& deadline);
  Result<std::unique_ptr<SegmentFile>> write_segment(int level, Bytes plain, const Deadline& deadline);
  std::vector<std::vector<Part>> plan_rewrite(const std::vector<PackName>& dropped) const;
  static Result<Bytes> merge(const std::vector<Part>& parts);

  Env env_;
  mutable SegmentSource source_;  // it is also what lookups read into
  mutable std::shared_mutex mutex_;
  std::vector<Loaded> segments_;
  std::vector<std::string> segment_names_, damaged_;
  std::vector<PackInfo> packs_;
  std::unordered_map<PackName, uint32_t, IdHash> pack_ordinals_;
  std::vector<bool> excluded_;
  std::unordered_set<PackName, IdHash> excluded_names_;
  std::unordered_map<ChunkId, ChunkPlace, IdHash> pending_;
  IndexSegment pending_segment_;
};

}  // namespace hf
