// Index: which pack holds which chunk. A cache of the packs' trailers, and never more than a hint.
//
// Segments are immutable and sorted by the first 16 bytes of the chunk's id; ids are keyed hashes, so they are spread
// evenly and a lookup guesses its place (interpolation) instead of halving. 24 bytes an entry. What the running session
// added and has not written yet is in a hash table beside them. Lookups and additions may come from several threads.
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
#include "store/store.h"

namespace hf {

struct PackInfo {
  PackName name;
  PackKind kind = PackKind::Data;
  uint64_t size = 0;
  uint32_t epoch = 0;
};

struct ChunkPlace {
  uint32_t pack = 0;     // ordinal in Index::packs()
  uint32_t ordinal = 0;  // of the chunk in the pack's trailer
};

struct IndexSegment {
  struct Entry {
    std::array<std::byte, id_prefix_bytes> prefix;
    uint32_t pack;
    uint32_t ordinal;
  };
  static_assert(sizeof(Entry) == 24);
  std::vector<PackInfo> packs;
  std::vector<Entry> entries;  // sorted by prefix
  std::vector<Sha256> superseded;

  void add(const PackInfo& pack, const std::vector<ChunkId>& ids);
  void sort();
  const Entry* find(const ChunkId& id) const;
};

Bytes encode_segment(const IndexSegment& segment);
// Corrupt unless sizes add up, entries are sorted and every pack number exists.
Result<IndexSegment> decode_segment(BytesView plain);

class Index {
 public:
  Index(Env env, Store& store, const KeyRing& ring) : env_(env), store_(store), ring_(ring) {}

  // Reads all segments of the store. Segments that cannot be read are named in `damaged`, and the packs that no
  // readable segment knows are read instead. Called again it reads the segments that are new since. Returns an error
  // only if the store cannot be listed or a pack's trailer not be fetched for lack of a key or connection.
  Status load(const Deadline& deadline);
  const std::vector<std::string>& damaged() const { return damaged_; }
  // For a reader who misses a chunk: segments that are new since, and the trailers of all packs that no segment names.
  Status recover(const Deadline& deadline);

  // Chunks in packs given to exclude() count as absent.
  std::optional<ChunkPlace> find(PackKind kind, const ChunkId& id) const;
  bool contains(PackKind kind, const ChunkId& id) const { return find(kind, id).has_value(); }
  // All packs that hold it, but for excluded ones.
  std::vector<ChunkPlace> find_all(PackKind kind, const ChunkId& id) const;
  void exclude(const std::vector<PackName>& packs);
  void admit(const std::vector<PackName>& packs);  // takes exclude() back
  bool is_excluded(const PackName& pack) const;
  bool has_excluded() const;

  PackInfo pack(uint32_t ordinal) const;
  std::vector<PackInfo> packs() const;
  size_t chunk_count() const;
  std::vector<uint32_t> chunk_counts() const;  // of each pack, by its ordinal
  const std::vector<std::string>& segment_names() const { return segment_names_; }

  // A pack of this session is in the store.
  void add(const PackInfo& pack, const std::vector<ChunkId>& ids);
  // Writes what add() gave since the last time as a segment, durable. The packs must be durable before.
  Status write_pending(const Deadline& deadline);
  // Replaces all segments by ones without `dropped` packs: writes the new ones, durable; returns the old ones' names,
  // which the caller removes after it has recorded why.
  Result<std::vector<std::string>> rewrite(const std::vector<PackName>& dropped, const Deadline& deadline);

 private:
  struct Loaded {
    IndexSegment segment;
    std::vector<uint32_t> ordinals;  // segment's pack number → ours
  };
  uint32_t intern(const PackInfo& pack);
  void adopt(IndexSegment segment);
  Status load_segment(const std::string& name, const Deadline& deadline);
  Status adopt_unknown_packs(const Deadline& deadline);
  Status write_segment(int level, const IndexSegment& segment, const Deadline& deadline);

  Env env_;
  Store& store_;
  const KeyRing& ring_;
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
