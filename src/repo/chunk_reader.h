// ChunkReader: chunks by their id, wherever they lie.
//
// It keeps the tables of recently used packs (64 MiB) and recently opened metadata records (32 MiB), so memory does not
// grow with the repository. Safe to use from several threads.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "repo/index.h"
#include "repo/list.h"
#include "repo/pack_fetch.h"

namespace hf {

class OtherCopies;

struct ChunkSpot {
  uint32_t pack = 0;  // ordinal in the Index; for ChunkReader::record() alone, for it may say another copy, too
  uint32_t record = 0;
  uint32_t offset = 0, length = 0;  // in the record's raw bytes
};

class ChunkReader {
 public:
  ChunkReader(Env env, Store& store, const KeyRing& ring, Index& index, Deadline deadline)
      : env_(env), store_(store), ring_(ring), index_(index), deadline_(deadline) {}

  // Corrupt if no pack holds it, or the one that does cannot be read. Before it says so it looks whether the index is
  // behind or lost: once.
  Result<ChunkSpot> locate(PackKind kind, const ChunkId& id);
  // For who judges the index itself, and counts by its packs: it stays as it was loaded, and what is in no pack is
  // NotFound.
  void stay_with_index() { recovers_ = false; }
  Result<RecordRef> record(uint32_t pack, uint32_t number);
  // Fetches and opens; every byte is checked against its id.
  Result<Bytes> read(const RecordRef& record);
  // The same bytes, from whatever packs this copy has them in.
  Result<Bytes> assemble(const RecordRef& record);
  // Where locate(), record() and read() go on when this copy cannot give what is asked for; null: they do not.
  void read_also(OtherCopies* others) { others_ = others; }
  // A metadata chunk, from a cached record where possible.
  Result<Bytes> meta(const ChunkId& id);
  MetaGet meta_get() {
    return [this](const ChunkId& id) { return meta(id); };
  }
  // A data chunk alone: the whole record is read for it.
  Result<Bytes> data(const ChunkId& id);
  // How a data chunk is divided; null if that was not recorded or cannot be had (then it is simply not used). Valid
  // until the call after next.
  const PieceTable* pieces(const ChunkId& id);

 private:
  struct CachedPack {
    uint32_t ordinal;
    PackReader reader;
  };
  struct CachedRecord {
    uint64_t key;
    Bytes raw;
  };
  struct CachedPieces {
    uint32_t pack;
    std::unordered_map<uint32_t, PieceTable> tables;
  };
  Result<PackReader*> pack(uint32_t ordinal);  // with mutex_ held
  Result<ChunkSpot> locate_here(PackKind kind, const ChunkId& id);
  Result<Bytes> read_here(const RecordRef& record);
  Result<ChunkSpot> locate_now(PackKind kind, const ChunkId& id);
  Result<ChunkSpot> look_into(const ChunkPlace& place, const ChunkId& id);  // with mutex_ held
  Result<Bytes> cached_part(const ChunkSpot& spot);

  Env env_;
  Store& store_;
  const KeyRing& ring_;
  Index& index_;
  const Deadline deadline_;
  std::mutex mutex_;
  std::list<CachedPack> packs_;  // most recently used first
  size_t pack_bytes_ = 0;
  std::list<CachedRecord> records_;
  size_t record_bytes_ = 0;
  std::list<CachedPieces> pieces_;
  bool recovers_ = true;
  std::atomic<OtherCopies*> others_ = nullptr;
  std::once_flag recovered_;
};

}  // namespace hf
