#include "repo/pack_fetch.h"

namespace hf {
namespace {

constexpr uint64_t tail_bytes = 64u << 10;

struct OpenedPack {
  Bytes header;
  uint32_t epoch = 0;
  PackTable table;
};

Result<OpenedPack> open_pack(Store& store, const KeyRing& ring, PackKind kind, const std::string& object, uint64_t size,
                             const Deadline& deadline) {
  if (size < pack_header_bytes + pack_footer_bytes || size > pack_bytes_max)
    return Error(Code::Corrupt, "pack has an impossible length");
  Bytes header = HF_TRY(store.get(object, 0, pack_header_bytes, deadline));
  PackOpener opener = HF_TRY(PackOpener::open(ring, kind, header));
  const uint64_t tail = std::min(size, tail_bytes);
  Bytes end = HF_TRY(store.get(object, size - tail, tail, deadline));
  const auto place = HF_TRY(opener.open_footer(BytesView(end).last(pack_footer_bytes), size));
  BytesView sealed;
  if (place.offset >= size - tail) {
    sealed = BytesView(end).subspan(place.offset - (size - tail), place.stored);
  } else {
    end = HF_TRY(store.get(object, place.offset, place.stored, deadline));
    sealed = end;
  }
  PackTable table = HF_TRY(opener.open_trailer(sealed, place));
  return OpenedPack{std::move(header), opener.epoch(), std::move(table)};
}

}  // namespace

Status list_packs(Store& store, PackKind kind, std::vector<ObjectInfo>& found, const Deadline& deadline) {
  return store.list(
      kind == PackKind::Data ? "packs/" : "meta/",
      [&](const ObjectInfo& info) -> Status {
        found.push_back(info);
        return {};
      },
      deadline);
}

Result<FetchedTable> fetch_table(Store& store, const KeyRing& ring, PackKind kind, const PackName& name, uint64_t size,
                                 const Deadline& deadline) {
  const std::string object = pack_object_name(kind, name);
  OpenedPack opened = HF_TRY(open_pack(store, ring, kind, object, size, deadline).during(object));
  return FetchedTable{std::move(opened.table), opened.epoch};
}

PackReader::PackReader(Store& store, const KeyRing& ring, PackKind kind, std::string object, Bytes header,
                       PackTable table)
    : store_(&store),
      ring_(&ring),
      kind_(kind),
      object_(std::move(object)),
      header_(std::move(header)),
      table_(std::move(table)) {}

Result<PackReader> PackReader::open(Store& store, const KeyRing& ring, PackKind kind, const PackName& name,
                                    uint64_t size, const Deadline& deadline) {
  const std::string object = pack_object_name(kind, name);
  OpenedPack opened = HF_TRY(open_pack(store, ring, kind, object, size, deadline).during(object));
  return PackReader(store, ring, kind, object, std::move(opened.header), std::move(opened.table));
}

RecordRef PackReader::record(uint32_t number) const {
  HF_ASSERT(number < table_.records.size());
  RecordRef ref{.object = object_, .kind = kind_, .header = header_, .number = number, .place = table_.records[number]};
  const auto first = static_cast<ptrdiff_t>(ref.place.chunk_first),
             count = static_cast<ptrdiff_t>(ref.place.chunk_count);
  ref.ids.assign(table_.ids.begin() + first, table_.ids.begin() + first + count);
  ref.lengths.assign(table_.lengths.begin() + first, table_.lengths.begin() + first + count);
  return ref;
}

Result<std::vector<std::pair<uint32_t, PieceTable>>> PackReader::pieces(const Deadline& deadline) const {
  if (table_.pieces_stored == 0) return std::vector<std::pair<uint32_t, PieceTable>>{};
  PackOpener opener = HF_TRY(PackOpener::open(*ring_, kind_, header_).during(object_));
  const Bytes sealed =
      HF_TRY(store_->get(object_, table_.pieces_offset, table_.pieces_stored, deadline).during(object_));
  const Bytes plain = HF_TRY(opener.open_pieces(sealed).during(object_));
  return decode_pieces(plain).during(object_);
}

}  // namespace hf
