// Pack: many groups of chunks in one object, sealed under a key that is used for this pack alone.
//
// PackBuilder makes one in memory; PackView reads one back, from its whole bytes or by ranges. The layout is in
// docs/FORMAT.md, "Packs". Neither is safe to use from several threads at once.
#pragma once

#include <vector>

#include "base/entropy.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/aead.h"
#include "crypto/codec.h"
#include "keys/key_ring.h"
#include "repo/format.h"

namespace hf {

enum class Codec : uint8_t { Raw = 0, Zstd = 1 };

using Fingerprint = std::array<std::byte, fingerprint_bytes>;

// How a chunk is divided: lengths add up to the chunk's.
struct PieceTable {
  std::vector<uint32_t> lengths;
  std::vector<Fingerprint> fingerprints;
};

struct GroupChunk {
  ChunkId id;
  uint32_t length = 0;
  PieceTable pieces;  // empty: none recorded
};

// Chunks that are compressed and sealed as one record.
struct Group {
  PackKind kind = PackKind::Data;
  Bytes raw;  // freed once it is packed
  uint32_t raw_size = 0;
  std::vector<GroupChunk> chunks;
  Codec codec = Codec::Raw;
  Bytes packed;  // Zstd: the frame
  BytesView payload() const { return codec == Codec::Raw ? BytesView(raw) : BytesView(packed); }
};

struct RecordPlace {
  uint64_t offset = 0;
  uint32_t stored = 0;  // with tag
  Codec codec = Codec::Raw;
  uint32_t raw = 0;
  uint32_t chunk_first = 0, chunk_count = 0;
};

// What a trailer says: the truth about a pack.
struct PackTable {
  std::vector<RecordPlace> records;
  std::vector<ChunkId> ids;
  std::vector<uint32_t> lengths;    // of each chunk
  std::vector<uint32_t> record_of;  // of each chunk
  std::vector<uint32_t> offset_of;  // of each chunk in its group
  uint64_t pieces_offset = 0;
  uint32_t pieces_stored = 0;
  size_t memory_bytes() const { return ids.size() * 44 + records.size() * sizeof(RecordPlace); }
};

struct FinishedPack {
  PackKind kind = PackKind::Data;
  uint32_t epoch = 0;
  PackName name;
  Bytes bytes;
  std::vector<ChunkId> ids;
};

std::string pack_object_name(PackKind kind, const PackName& name);

class PackBuilder {
 public:
  // KeyMissing if the ring has no epoch. `memory`: of an earlier pack, used again: 36 MiB of fresh pages cost as much
  // as encrypting them.
  static Result<PackBuilder> begin(const KeyRing& ring, PackKind kind, Entropy& entropy, Bytes memory = {});
  // Requires: group.kind is this pack's; it has been through its codec.
  void add(const Group& group);
  bool is_empty() const { return chunk_count_ == 0; }
  size_t size() const { return bytes_.size(); }
  FinishedPack finish() &&;

 private:
  PackBuilder(PackKind kind, uint32_t epoch, const PackKeys& keys, BytesView header, Bytes memory);
  void seal(uint32_t domain, uint64_t counter, BytesView plain);
  void add_pieces(const Group& group);

  PackKind kind_;
  uint32_t epoch_;
  Aead aead_;
  Bytes bytes_;
  std::array<std::byte, pack_header_bytes> header_{};
  std::vector<RecordPlace> records_;
  std::vector<ChunkId> ids_;
  std::vector<uint32_t> lengths_;
  std::vector<uint32_t> piece_chunks_, piece_counts_, piece_lengths_;
  Bytes fingerprints_;
  uint32_t chunk_count_ = 0;
};

// Everything before the trailer of a pack whose keys are known: opens records.
class PackOpener {
 public:
  // Corrupt unless `header` is one of format 1 of that kind, with the commitment of its key; KeyMissing without its
  // epoch.
  static Result<PackOpener> open(const KeyRing& ring, PackKind kind, BytesView header);

  struct TrailerPlace {
    uint64_t offset = 0;
    uint32_t stored = 0;
  };
  // `footer`: the last 32 bytes of an object of `pack_size`.
  Result<TrailerPlace> open_footer(BytesView footer, uint64_t pack_size);
  Result<PackTable> open_trailer(BytesView sealed, const TrailerPlace& place);
  // The group's raw bytes, decrypted and decompressed; chunk ids are not yet checked.
  Result<Bytes> open_record(const RecordPlace& place, uint32_t number, BytesView sealed);
  // The same into a buffer that is used again.
  Status open_record_into(const RecordPlace& place, uint32_t number, BytesView sealed, Bytes& raw);
  Result<Bytes> open_pieces(BytesView sealed);
  uint32_t epoch() const { return epoch_; }

 private:
  PackOpener(const PackKeys& keys, BytesView header, uint32_t epoch);
  Result<Bytes> open_part(uint32_t domain, uint64_t counter, BytesView sealed);

  Aead aead_;
  Decompressor decompressor_;
  Bytes payload_;
  std::array<std::byte, pack_header_bytes> header_{};
  uint32_t epoch_;
};

// One record, with all that is needed to read it on any thread: copied out of a pack's table.
struct RecordRef {
  uint32_t copy = 0;  // of the repository, by the reader's numbers; 0: its own
  std::string object;
  PackKind kind = PackKind::Data;
  Bytes header;  // of the pack
  uint32_t number = 0;
  RecordPlace place;
  std::vector<ChunkId> ids;
  std::vector<uint32_t> lengths;
};

// Decrypts, decompresses and checks the id of every chunk of a record: what comes out is what went in. Corrupt names
// the object.
Result<Bytes> open_record(const KeyRing& ring, const RecordRef& record, BytesView sealed);

ChunkId chunk_id(const KeyRing& ring, PackKind kind, BytesView bytes);

// A whole pack, of which header, footer and trailer were read.
struct PackInFull {
  PackKind kind = PackKind::Data;
  PackOpener opener;
  PackTable table;
  uint64_t end = 0;  // of the trailer: what follows is padding and the footer
};
Result<PackInFull> open_whole_pack(const KeyRing& ring, PackKind kind, BytesView bytes);
// Corrupt unless the record can be opened and each of its chunks is what its id says. `bytes`: of the whole pack;
// `raw`: a buffer that is used again.
Status verify_record(const KeyRing& ring, PackInFull& pack, uint32_t number, BytesView bytes, Bytes& raw);

// Reads every part of a whole pack as a stranger would: name, header, footer, trailer, each record, each chunk's id.
// Corrupt says which. This is what stands between a faulty compressor or memory and an acknowledged backup.
Result<PackTable> verify_pack(const KeyRing& ring, PackKind kind, const PackName& name, BytesView bytes);

// Chunk ordinal → its pieces, from the plaintext of a pieces part.
Result<std::vector<std::pair<uint32_t, PieceTable>>> decode_pieces(BytesView plain);

}  // namespace hf
