#include "repo/pack.h"

#include <algorithm>

#include "repo/pack_codec.h"

namespace hf {
namespace {

enum Domain : uint32_t { record_domain = 1, pieces_domain = 2, trailer_domain = 3, footer_domain = 4 };

Nonce nonce_of(uint32_t domain, uint64_t counter) {
  Nonce nonce;
  store_le<uint32_t>(nonce.data(), domain);
  store_le<uint64_t>(nonce.data() + 4, counter);
  return nonce;
}

// The AAD of every part: the pack's header, then the part's nonce.
std::array<std::byte, pack_header_bytes + 12> aad_of(BytesView header, const Nonce& nonce) {
  std::array<std::byte, pack_header_bytes + 12> aad;
  std::memcpy(aad.data(), header.data(), pack_header_bytes);
  std::memcpy(aad.data() + pack_header_bytes, nonce.data(), nonce.size());
  return aad;
}

Bytes make_header(PackKind kind, uint32_t epoch, BytesView salt, const Key32& commitment) {
  Bytes header;
  append(header, as_bytes("HFPK"));
  append_le<uint16_t>(header, 1);
  header.push_back(static_cast<std::byte>(kind));
  header.push_back(std::byte{0});
  append_le<uint32_t>(header, epoch);
  append_le<uint32_t>(header, 0);
  append(header, salt);
  append(header, commitment);
  HF_ASSERT(header.size() == pack_header_bytes);
  return header;
}

// Of a whole pack whose trailer ends at `end`.
size_t padded_size(size_t end) {
  return (end + pack_footer_bytes + pack_align_bytes - 1) / pack_align_bytes * pack_align_bytes;
}

}  // namespace

std::string pack_object_name(PackKind kind, const PackName& name) {
  const std::string hex = name.hex();
  return std::string(kind == PackKind::Data ? "packs/" : "meta/") + hex.substr(0, 2) + "/" + hex;
}

ChunkId chunk_id(const KeyRing& ring, PackKind kind, BytesView bytes) {
  return {blake3_keyed(kind == PackKind::Data ? ring.chunk_key() : ring.meta_key(), bytes)};
}

Result<PackBuilder> PackBuilder::begin(const KeyRing& ring, PackKind kind, Entropy& entropy, Bytes memory) {
  const Bytes salt = entropy.bytes(32);
  const uint32_t epoch = ring.current_epoch();
  const PackKeys keys = HF_TRY(ring.pack_keys(epoch, kind, salt));
  return PackBuilder(kind, epoch, keys, make_header(kind, epoch, salt, keys.commitment), std::move(memory));
}

PackBuilder::PackBuilder(PackKind kind, uint32_t epoch, const PackKeys& keys, BytesView header, Bytes memory)
    : kind_(kind), epoch_(epoch), aead_(keys.key.bytes), bytes_(std::move(memory)) {
  // Room for what fills it and one group more, so that it is not moved while it grows.
  bytes_.clear();
  bytes_.reserve((kind == PackKind::Data ? data_pack_bytes + (4u << 20) : meta_pack_bytes) + (512u << 10));
  append(bytes_, header);
  std::memcpy(header_.data(), header.data(), pack_header_bytes);
}

void PackBuilder::seal(uint32_t domain, uint64_t counter, BytesView plain) {
  const Nonce nonce = nonce_of(domain, counter);
  aead_.seal(nonce, aad_of(header_, nonce), plain, bytes_);
}

void PackBuilder::add(const Group& group) {
  HF_ASSERT(group.kind == kind_);
  HF_ASSERT(!group.chunks.empty());
  HF_ASSERT(group.raw_size <= group_bytes_max);
  RecordPlace place{.offset = bytes_.size(),
                    .stored = static_cast<uint32_t>(group.payload().size() + aead_tag_bytes),
                    .codec = group.codec,
                    .raw = group.raw_size,
                    .chunk_first = chunk_count_,
                    .chunk_count = static_cast<uint32_t>(group.chunks.size())};
  seal(record_domain, records_.size(), group.payload());
  HF_ASSERT(bytes_.size() - place.offset == place.stored);
  records_.push_back(place);
  add_pieces(group);
  for (const GroupChunk& chunk : group.chunks) {
    ids_.push_back(chunk.id);
    lengths_.push_back(chunk.length);
  }
  chunk_count_ += place.chunk_count;
}

void PackBuilder::add_pieces(const Group& group) {
  for (size_t i = 0; i < group.chunks.size(); ++i) {
    const PieceTable& pieces = group.chunks[i].pieces;
    if (pieces.lengths.empty()) continue;
    HF_ASSERT(pieces.lengths.size() == pieces.fingerprints.size());
    piece_chunks_.push_back(chunk_count_ + static_cast<uint32_t>(i));
    piece_counts_.push_back(static_cast<uint32_t>(pieces.lengths.size()));
    piece_lengths_.insert(piece_lengths_.end(), pieces.lengths.begin(), pieces.lengths.end());
    for (const Fingerprint& fingerprint : pieces.fingerprints) append(fingerprints_, fingerprint);
  }
}

FinishedPack PackBuilder::finish() && {
  HF_ASSERT(!is_empty());
  Compressor compressor(3);
  PackTable table;
  table.records = std::move(records_);
  table.ids = std::move(ids_);
  table.lengths = std::move(lengths_);
  if (!piece_chunks_.empty()) {
    table.pieces_offset = bytes_.size();
    seal(pieces_domain, 0,
         compressor.compress(encode_pieces(piece_chunks_, piece_counts_, piece_lengths_, fingerprints_)));
    table.pieces_stored = static_cast<uint32_t>(bytes_.size() - table.pieces_offset);
  }
  const uint64_t trailer_offset = bytes_.size();
  seal(trailer_domain, 0, compressor.compress(encode_trailer(table)));
  Bytes footer;
  append_le<uint64_t>(footer, trailer_offset);
  append_le<uint32_t>(footer, static_cast<uint32_t>(bytes_.size() - trailer_offset));
  const size_t unpadded = bytes_.size() + pack_footer_bytes;
  const size_t padded = padded_size(bytes_.size());
  bytes_.resize(bytes_.size() + (padded - unpadded));
  std::memset(bytes_.data() + (unpadded - pack_footer_bytes), 0, padded - unpadded);
  append(bytes_, as_bytes("HFPE"));
  seal(footer_domain, 0, footer);
  HF_ASSERT(bytes_.size() == padded);
  return {.kind = kind_,
          .epoch = epoch_,
          .name = {blake3(bytes_)},
          .bytes = std::move(bytes_),
          .ids = std::move(table.ids)};
}

PackOpener::PackOpener(const PackKeys& keys, BytesView header, uint32_t epoch) : aead_(keys.key.bytes), epoch_(epoch) {
  std::memcpy(header_.data(), header.data(), pack_header_bytes);
}

Result<PackOpener> PackOpener::open(const KeyRing& ring, PackKind kind, BytesView header) {
  if (header.size() != pack_header_bytes || as_text(header.first(4)) != "HFPK")
    return Error(Code::Corrupt, "not a pack");
  if (load_le<uint16_t>(header.data() + 4) != 1) return Error(Code::Unsupported, "pack of an unknown version");
  if (header[6] != static_cast<std::byte>(kind)) return Error(Code::Corrupt, "pack of another kind");
  if (header[7] != std::byte{0} || load_le<uint32_t>(header.data() + 12) != 0)
    return Error(Code::Corrupt, "pack header is damaged");
  const uint32_t epoch = load_le<uint32_t>(header.data() + 8);
  const PackKeys keys = HF_TRY(ring.pack_keys(epoch, kind, header.subspan(16, 32)));
  if (!equal_secret(keys.commitment, header.subspan(48, 32))) return Error(Code::Corrupt, "pack header is damaged");
  return PackOpener(keys, header, epoch);
}

Result<Bytes> PackOpener::open_part(uint32_t domain, uint64_t counter, BytesView sealed) {
  const Nonce nonce = nonce_of(domain, counter);
  return aead_.open(nonce, aad_of(header_, nonce), sealed);
}

Result<PackOpener::TrailerPlace> PackOpener::open_footer(BytesView footer, uint64_t pack_size) {
  if (footer.size() != pack_footer_bytes || as_text(footer.first(4)) != "HFPE")
    return Error(Code::Corrupt, "pack has no footer");
  const Bytes plain = HF_TRY(open_part(footer_domain, 0, footer.subspan(4)).during("open footer"));
  const TrailerPlace place{.offset = load_le<uint64_t>(plain.data()), .stored = load_le<uint32_t>(plain.data() + 8)};
  const uint64_t end = pack_size - pack_footer_bytes;
  if (place.offset < pack_header_bytes || place.offset > end || place.stored > end - place.offset)
    return Error(Code::Corrupt, "pack footer points outside the pack");
  if (padded_size(place.offset + place.stored) != pack_size)
    return Error(Code::Corrupt, "pack has another length than its footer says");
  return place;
}

Result<PackTable> PackOpener::open_trailer(BytesView sealed, const TrailerPlace& place) {
  const Bytes packed = HF_TRY(open_part(trailer_domain, 0, sealed).during("open trailer"));
  const Bytes plain = HF_TRY(decompressor_.decompress_up_to(packed, trailer_bytes_max).during("open trailer"));
  return decode_trailer(plain, place.offset);
}

Result<Bytes> PackOpener::open_record(const RecordPlace& place, uint32_t number, BytesView sealed) {
  Bytes raw;
  HF_TRY(open_record_into(place, number, sealed, raw));
  return raw;
}

Status PackOpener::open_record_into(const RecordPlace& place, uint32_t number, BytesView sealed, Bytes& raw) {
  if (sealed.size() != place.stored) return Error(Code::Corrupt, "record has another length");
  const Nonce nonce = nonce_of(record_domain, number);
  Bytes& payload = place.codec == Codec::Zstd ? payload_ : raw;
  HF_TRY(
      aead_.open_into(nonce, aad_of(header_, nonce), sealed, payload).during("open record " + std::to_string(number)));
  if (place.codec == Codec::Zstd) return decompressor_.decompress_into(payload, place.raw, raw);
  if (raw.size() != place.raw) return Error(Code::Corrupt, "record has another length");
  return {};
}

Result<Bytes> PackOpener::open_pieces(BytesView sealed) {
  const Bytes packed = HF_TRY(open_part(pieces_domain, 0, sealed).during("open pieces"));
  return decompressor_.decompress_up_to(packed, trailer_bytes_max);
}

Result<Bytes> open_record(const KeyRing& ring, const RecordRef& record, BytesView sealed) {
  PackOpener opener = HF_TRY(PackOpener::open(ring, record.kind, record.header).during(record.object));
  Bytes raw = HF_TRY(opener.open_record(record.place, record.number, sealed).during(record.object));
  size_t offset = 0;
  for (size_t i = 0; i < record.ids.size(); ++i) {
    const BytesView chunk = BytesView(raw).subspan(offset, record.lengths[i]);
    if (chunk_id(ring, record.kind, chunk) != record.ids[i])
      return Error(Code::Corrupt, record.object + ": a chunk is not what its id says");
    offset += record.lengths[i];
  }
  return raw;
}

Result<PackInFull> open_whole_pack(const KeyRing& ring, PackKind kind, BytesView bytes) {
  if (bytes.size() < pack_header_bytes + pack_footer_bytes) return Error(Code::Corrupt, "pack is too short");
  PackOpener opener = HF_TRY(PackOpener::open(ring, kind, bytes.first(pack_header_bytes)));
  const auto place = HF_TRY(opener.open_footer(bytes.last(pack_footer_bytes), bytes.size()));
  PackTable table = HF_TRY(opener.open_trailer(bytes.subspan(place.offset, place.stored), place));
  return PackInFull{
      .kind = kind, .opener = std::move(opener), .table = std::move(table), .end = place.offset + place.stored};
}

Status verify_record(const KeyRing& ring, PackInFull& pack, uint32_t number, BytesView bytes, Bytes& raw) {
  const PackTable& table = pack.table;
  const RecordPlace& record = table.records[number];
  HF_TRY(pack.opener.open_record_into(record, number, bytes.subspan(record.offset, record.stored), raw));
  for (uint32_t c = record.chunk_first; c < record.chunk_first + record.chunk_count; ++c) {
    const BytesView chunk = BytesView(raw).subspan(table.offset_of[c], table.lengths[c]);
    if (chunk_id(ring, pack.kind, chunk) != table.ids[c])
      return Error(Code::Corrupt, "chunk " + std::to_string(c) + " is not what its id says");
  }
  return {};
}

Result<PackTable> verify_pack(const KeyRing& ring, PackKind kind, const PackName& name, BytesView bytes) {
  if (blake3(bytes) != name.bytes) return Error(Code::Corrupt, "pack's bytes are not what its name says");
  PackInFull pack = HF_TRY(open_whole_pack(ring, kind, bytes));
  Bytes raw;
  for (uint32_t number = 0; number < pack.table.records.size(); ++number)
    HF_TRY(verify_record(ring, pack, number, bytes, raw));
  const BytesView padding = bytes.first(bytes.size() - pack_footer_bytes).subspan(pack.end);
  if (std::any_of(padding.begin(), padding.end(), [](std::byte byte) { return byte != std::byte{0}; }))
    return Error(Code::Corrupt, "pack's padding is not all zeros");
  const PackTable& table = pack.table;
  if (table.pieces_stored != 0)
    HF_TRY(pack.opener.open_pieces(bytes.subspan(table.pieces_offset, table.pieces_stored)));
  return std::move(pack.table);
}

}  // namespace hf
