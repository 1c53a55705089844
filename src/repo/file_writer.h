// FileWriter: the bytes of one file after another, to content: cut, found again where possible, stored where not.
//
// One thread. Bytes that the previous version of the file had are referred to where they lie, piece by piece; what is
// new between them is collected into chunks of its own, so that a database with one page in a hundred changed adds one
// page in a hundred.
#pragma once

#include "repo/piece_map.h"
#include "repo/pipeline.h"

namespace hf {

class FileWriter {
 public:
  FileWriter(Env env, const KeyRing& ring, Pipeline& pipeline, ChunkReader& chunks)
      : env_(env), ring_(ring), pipeline_(pipeline), chunks_(chunks), content_(pipeline.meta_put()) {}

  // A small file at once. Requires: at most small_file_bytes_max.
  Result<ContentRef> whole(BytesView bytes);

  struct Begin {
    uint64_t size = 0;                     // expected; 0: unknown
    std::optional<CutClass> cut;           // else decided by the first block
    uint32_t page_bytes = 0;               // Pages
    const ContentRef* previous = nullptr;  // of this file in the point before; copied
  };
  void begin(const Begin& begin);
  Status data(BytesView bytes);
  Status gap(ExtentKind kind, uint64_t length);  // Hole or Zeros
  Result<ContentRef> end();
  uint64_t size() const { return size_; }  // given so far

 private:
  // What is known to follow the extents written so far: an old piece, or new bytes in fresh_.
  struct Deferred {
    ExtentKind kind = ExtentKind::Data;
    uint64_t length = 0;
    std::optional<OldPiece> old;
    uint32_t fresh_offset = 0;
  };
  void decide(BytesView head);
  bool was_media();
  Status cut(bool is_last);
  Status cut_pieces(bool is_last);
  Status cut_pages(bool is_last);
  Status cut_media(bool is_last);
  void take_piece(BytesView piece, std::optional<OldPiece> old, const Fingerprint& fingerprint);
  Fingerprint fingerprint(BytesView piece) const;
  Status flush();

  Env env_;
  const KeyRing& ring_;
  Pipeline& pipeline_;
  ChunkReader& chunks_;
  ContentWriter content_;

  Begin begin_;
  bool decided_ = false;
  bool reuses_ = false;          // parts of earlier chunks
  std::optional<Blake3> whole_;  // of all data, while there is a previous version
  CutClass class_ = CutClass::Stream;
  uint32_t page_bytes_ = 0;
  std::optional<ContentRef> previous_;
  std::optional<PieceMap> map_;
  Bytes pending_;          // given, not yet cut
  size_t pending_at_ = 0;  // cut off its front
  size_t searched_ = 0;    // Media: no chunk ends in so many bytes of what is left
  uint64_t size_ = 0, position_ = 0;
  Bytes fresh_;  // new pieces that will be the next chunk
  PieceTable fresh_pieces_;
  std::vector<Deferred> deferred_;
};

}  // namespace hf
