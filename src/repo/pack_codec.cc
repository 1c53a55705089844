#include "repo/pack_codec.h"

#include "base/message.h"
#include "repository.pb.h"

namespace hf {

Bytes encode_trailer(const PackTable& table) {
  proto::Trailer trailer;
  for (const RecordPlace& place : table.records) {
    proto::Trailer::Record& record = *trailer.add_records();
    record.set_offset(place.offset);
    record.set_stored(place.stored);
    record.set_codec(static_cast<uint32_t>(place.codec));
    for (uint32_t c = 0; c < place.chunk_count; ++c) record.add_chunk_lengths(table.lengths[place.chunk_first + c]);
  }
  std::string& ids = *trailer.mutable_ids();
  ids.reserve(table.ids.size() * ChunkId::size);
  for (const ChunkId& id : table.ids) ids += as_text(id.view());
  trailer.set_pieces_offset(table.pieces_offset);
  trailer.set_pieces_stored(table.pieces_stored);
  return encode_message(trailer);
}

namespace {

// Appends the chunks of one record; false if they do not make a group.
bool add_chunks(const proto::Trailer::Record& record, uint32_t number, RecordPlace& place, PackTable& table) {
  uint64_t raw = 0;
  for (const uint32_t length : record.chunk_lengths()) {
    if (length > chunk_bytes_max || raw + length > group_bytes_max) return false;
    table.lengths.push_back(length);
    table.record_of.push_back(number);
    table.offset_of.push_back(static_cast<uint32_t>(raw));
    raw += length;
  }
  place.raw = static_cast<uint32_t>(raw);
  place.chunk_count = static_cast<uint32_t>(record.chunk_lengths_size());
  return place.chunk_count > 0;
}

}  // namespace

Result<PackTable> decode_trailer(BytesView plain, uint64_t records_end) {
  const proto::Trailer trailer = HF_TRY(decode_message<proto::Trailer>(plain, "pack trailer"));
  PackTable table;
  uint64_t expected = pack_header_bytes;
  for (const proto::Trailer::Record& record : trailer.records()) {
    const bool in_place = record.offset() == expected && record.stored() >= aead_tag_bytes &&
                          record.stored() <= records_end - expected && record.codec() <= 1;
    if (!in_place) return Error(Code::Corrupt, "pack trailer: a record is out of place");
    RecordPlace place{.offset = record.offset(),
                      .stored = record.stored(),
                      .codec = static_cast<Codec>(record.codec()),
                      .chunk_first = static_cast<uint32_t>(table.lengths.size())};
    if (!add_chunks(record, static_cast<uint32_t>(table.records.size()), place, table))
      return Error(Code::Corrupt, "pack trailer: chunks do not make a group");
    expected += record.stored();
    table.records.push_back(place);
  }
  table.pieces_offset = trailer.pieces_offset();
  table.pieces_stored = trailer.pieces_stored();
  const uint64_t pieces_offset = table.pieces_stored == 0 ? 0 : expected;
  if (table.records.empty()) return Error(Code::Corrupt, "pack trailer: no records");
  if (table.pieces_offset != pieces_offset || table.pieces_stored > records_end - expected)
    return Error(Code::Corrupt, "pack trailer: pieces are out of place");
  if (expected + table.pieces_stored != records_end) return Error(Code::Corrupt, "pack trailer: bytes nobody owns");
  if (trailer.ids().size() != table.lengths.size() * ChunkId::size)
    return Error(Code::Corrupt, "pack trailer: ids and chunks differ in number");
  table.ids.resize(table.lengths.size());
  for (size_t i = 0; i < table.ids.size(); ++i)
    std::memcpy(table.ids[i].bytes.data(), trailer.ids().data() + i * ChunkId::size, ChunkId::size);
  return table;
}

Bytes encode_pieces(const std::vector<uint32_t>& chunks, const std::vector<uint32_t>& counts,
                    const std::vector<uint32_t>& lengths, BytesView fingerprints) {
  proto::Pieces pieces;
  pieces.mutable_chunks()->Add(chunks.begin(), chunks.end());
  pieces.mutable_counts()->Add(counts.begin(), counts.end());
  pieces.mutable_lengths()->Add(lengths.begin(), lengths.end());
  pieces.set_fingerprints(fingerprints.data(), fingerprints.size());
  return encode_message(pieces);
}

Result<std::vector<std::pair<uint32_t, PieceTable>>> decode_pieces(BytesView plain) {
  const proto::Pieces pieces = HF_TRY(decode_message<proto::Pieces>(plain, "pieces"));
  const bool adds_up = pieces.chunks_size() == pieces.counts_size() &&
                       pieces.fingerprints().size() == static_cast<size_t>(pieces.lengths_size()) * fingerprint_bytes;
  if (!adds_up) return Error(Code::Corrupt, "pieces do not add up");
  std::vector<std::pair<uint32_t, PieceTable>> out;
  size_t next = 0;
  const size_t total = static_cast<size_t>(pieces.lengths_size());
  for (int i = 0; i < pieces.chunks_size(); ++i) {
    const size_t count = pieces.counts(i);
    if (i > 0 && pieces.chunks(i) <= pieces.chunks(i - 1)) return Error(Code::Corrupt, "pieces are out of order");
    if (count == 0 || count > total - next) return Error(Code::Corrupt, "pieces do not add up");
    PieceTable table;
    for (size_t k = next; k < next + count; ++k) {
      table.lengths.push_back(pieces.lengths(static_cast<int>(k)));
      Fingerprint& fingerprint = table.fingerprints.emplace_back();
      std::memcpy(fingerprint.data(), pieces.fingerprints().data() + k * fingerprint_bytes, fingerprint_bytes);
    }
    next += count;
    out.emplace_back(pieces.chunks(i), std::move(table));
  }
  if (next != total) return Error(Code::Corrupt, "pieces do not add up");
  return out;
}

}  // namespace hf
