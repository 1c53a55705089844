// PieceMap: where the bytes of a file's previous version lie, found by content or by position.
//
// A window moves along the previous version with the reader of the new one: it holds at most 512 Ki pieces (4 GiB of
// text) in 25 MiB, so its size does not grow with the file. What lies outside is not found, and stored again or found
// by its chunk's id.
#pragma once

#include "repo/chunk_reader.h"

namespace hf {

struct OldPiece {
  ChunkId chunk;
  uint32_t offset = 0;
};

class PieceMap {
 public:
  PieceMap(ChunkReader& chunks, const ContentRef& previous);

  // A piece with that fingerprint and length, near `position` in the new version.
  std::optional<OldPiece> by_content(const Fingerprint& fingerprint, uint32_t length, uint64_t position);
  // The same for the piece at `position` exactly. Positions ascend.
  std::optional<OldPiece> by_position(const Fingerprint& fingerprint, uint32_t length, uint64_t position);

 private:
  struct Slot {
    Fingerprint fingerprint;
    uint32_t chunk = 0;  // 1 + position in chunk ids; 0: empty
    uint32_t offset = 0;
    uint32_t length = 0;
  };
  // Open addressing, at most half full; fingerprints are hashes already.
  struct Generation {
    std::vector<Slot> slots;
    std::vector<ChunkId> chunks;
    size_t used = 0;
  };
  bool next_run();
  void load_until(uint64_t position);
  void insert(const Slot& slot, const ChunkId& id);
  static const Slot* lookup(const Generation& generation, const Fingerprint& fingerprint, uint32_t length);

  ChunkReader& chunks_;
  ContentReader content_;
  bool at_end_ = false;
  ExtentRun run_;
  size_t extent_ = 0;       // in run_
  uint64_t run_begin_ = 0;  // file offset of run_'s extent `extent_`
  Generation young_, old_;
};

}  // namespace hf
