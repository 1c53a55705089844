#include "repo/chunk_reader.h"

#include "repo/other_copies.h"

namespace hf {
namespace {

constexpr size_t pack_cache_bytes = 64u << 20, record_cache_bytes = 32u << 20, pieces_cache_packs = 6;

}  // namespace

Result<PackReader*> ChunkReader::pack(uint32_t ordinal) {
  for (auto it = packs_.begin(); it != packs_.end(); ++it) {
    if (it->ordinal != ordinal) continue;
    packs_.splice(packs_.begin(), packs_, it);
    return &packs_.front().reader;
  }
  const PackInfo info = index_.pack(ordinal);
  PackReader reader = HF_TRY(PackReader::open(store_, ring_, info.kind, info.name, info.size, deadline_));
  pack_bytes_ += reader.table().memory_bytes();
  packs_.push_front({.ordinal = ordinal, .reader = std::move(reader)});
  while (pack_bytes_ > pack_cache_bytes && packs_.size() > 1) {
    pack_bytes_ -= packs_.back().reader.table().memory_bytes();
    packs_.pop_back();
  }
  return &packs_.front().reader;
}

Result<ChunkSpot> ChunkReader::locate(PackKind kind, const ChunkId& id) {
  OtherCopies* others = others_;
  if (others == nullptr) return locate_here(kind, id);
  if (others->is_own_down()) return others->locate(kind, id, Error(Code::Unavailable, "its own copy is out of reach"));
  Result<ChunkSpot> spot = locate_here(kind, id);
  if (spot.ok()) return spot;
  return others->locate(kind, id, std::move(spot).error());
}

Result<ChunkSpot> ChunkReader::locate_here(PackKind kind, const ChunkId& id) {
  Result<ChunkSpot> spot = locate_now(kind, id);
  if (!recovers_ || spot.ok() || (spot.error().code() != Code::Corrupt && spot.error().code() != Code::NotFound))
    return spot;
  Status recovered;
  std::call_once(recovered_, [&] { recovered = index_.recover(deadline_); });
  if (!recovered.ok()) return std::move(recovered).error();
  // A pack that a prune has taken away meanwhile is no place to look in any more.
  if (const std::optional<ChunkPlace> place = HF_TRY(index_.find(kind, id))) {
    const PackInfo info = index_.pack(place->pack);
    const Result<ObjectInfo> there = store_.info(pack_object_name(info.kind, info.name), deadline_);
    if (!there.ok() && there.error().code() == Code::NotFound) index_.exclude({info.name});
  }
  spot = locate_now(kind, id);
  if (spot.ok() || spot.error().code() != Code::NotFound) return spot;
  return Error(Code::Corrupt, spot.error().message()).with_hint("holdfast check says which points that concerns");
}

Result<ChunkSpot> ChunkReader::locate_now(PackKind kind, const ChunkId& id) {
  const std::optional<ChunkPlace> place = HF_TRY(index_.find(kind, id));
  if (!place) return Error(Code::NotFound, "chunk " + id.hex().substr(0, 16) + " is in no pack");
  std::scoped_lock lock(mutex_);
  Result<ChunkSpot> spot = look_into(*place, id);
  if (spot.ok()) return spot;
  // Any copy will do.
  for (const ChunkPlace& copy : HF_TRY(index_.find_all(kind, id)))
    if (Result<ChunkSpot> other = look_into(copy, id); other.ok()) return other;
  return spot;
}

Result<ChunkSpot> ChunkReader::look_into(const ChunkPlace& place, const ChunkId& id) {
  const PackTable& table = HF_TRY(pack(place.pack))->table();
  // The index is a hint, and holds half of the id: the pack's own table decides.
  if (place.ordinal >= table.ids.size() || table.ids[place.ordinal] != id)
    return Error(Code::Corrupt, "index points to the wrong place for chunk " + id.hex().substr(0, 16))
        .with_hint("holdfast check --repair rebuilds the index from the packs");
  return ChunkSpot{.pack = place.pack,
                   .record = table.record_of[place.ordinal],
                   .offset = table.offset_of[place.ordinal],
                   .length = table.lengths[place.ordinal]};
}

Result<RecordRef> ChunkReader::record(uint32_t ordinal, uint32_t number) {
  if (const uint32_t copy = OtherCopies::copy_of(ordinal)) {
    OtherCopies* others = others_;
    HF_ASSERT(others != nullptr);
    ChunkReader* reader = HF_TRY(others->chunks(copy));
    RecordRef ref = HF_TRY(reader->record(OtherCopies::ordinal_of(ordinal), number));
    ref.copy = copy;
    return ref;
  }
  std::scoped_lock lock(mutex_);
  return HF_TRY(pack(ordinal))->record(number);
}

Result<Bytes> ChunkReader::read(const RecordRef& record) {
  OtherCopies* others = others_;
  if (others == nullptr) return read_here(record);
  if (record.copy != 0 || others->is_own_down()) return others->read(record, std::nullopt);
  Result<Bytes> raw = read_here(record);
  if (raw.ok()) return raw;
  return others->read(record, std::move(raw).error());
}

Result<Bytes> ChunkReader::assemble(const RecordRef& record) {
  Bytes whole, raw;
  std::optional<std::pair<uint32_t, uint32_t>> held;  // pack and record in `raw`
  for (size_t i = 0; i < record.ids.size(); ++i) {
    const ChunkSpot spot = HF_TRY(locate(record.kind, record.ids[i]));
    if (held != std::pair(spot.pack, spot.record)) {
      const RecordRef ref = HF_TRY(this->record(spot.pack, spot.record));
      raw = HF_TRY(read(ref));
      held = {spot.pack, spot.record};
    }
    if (spot.length != record.lengths[i]) return Error(Code::Corrupt, "a chunk has another length");
    append(whole, BytesView(raw).subspan(spot.offset, spot.length));
  }
  return whole;
}

Result<Bytes> ChunkReader::read_here(const RecordRef& record) {
  Bytes sealed;
  {
    StageTimer timer(env_.clock, env_.meter, Stage::Fetch, record.place.stored);
    sealed = HF_TRY(store_.get(record.object, record.place.offset, record.place.stored, deadline_));
  }
  StageTimer timer(env_.clock, env_.meter, Stage::Decompress, record.place.raw);
  return open_record(ring_, record, sealed);
}

Result<Bytes> ChunkReader::cached_part(const ChunkSpot& spot) {
  const uint64_t key = static_cast<uint64_t>(spot.pack) << 32 | spot.record;
  std::scoped_lock lock(mutex_);
  for (auto it = records_.begin(); it != records_.end(); ++it) {
    if (it->key != key) continue;
    records_.splice(records_.begin(), records_, it);
    return to_bytes(BytesView(it->raw).subspan(spot.offset, spot.length));
  }
  return Error(Code::NotFound, "record is not in the cache");
}

Result<Bytes> ChunkReader::meta(const ChunkId& id) {
  const ChunkSpot spot = HF_TRY(locate(PackKind::Meta, id));
  if (Result<Bytes> cached = cached_part(spot); cached.ok()) return cached;
  const RecordRef ref = HF_TRY(record(spot.pack, spot.record));
  Bytes raw = HF_TRY(read(ref));
  Bytes part = to_bytes(BytesView(raw).subspan(spot.offset, spot.length));
  std::scoped_lock lock(mutex_);
  record_bytes_ += raw.size();
  records_.push_front({.key = static_cast<uint64_t>(spot.pack) << 32 | spot.record, .raw = std::move(raw)});
  while (record_bytes_ > record_cache_bytes && records_.size() > 1) {
    record_bytes_ -= records_.back().raw.size();
    records_.pop_back();
  }
  return part;
}

Result<Bytes> ChunkReader::data(const ChunkId& id) {
  const ChunkSpot spot = HF_TRY(locate(PackKind::Data, id));
  const RecordRef ref = HF_TRY(record(spot.pack, spot.record));
  const Bytes raw = HF_TRY(read(ref));
  return to_bytes(BytesView(raw).subspan(spot.offset, spot.length));
}

const PieceTable* ChunkReader::pieces(const ChunkId& id) {
  const Result<std::optional<ChunkPlace>> known = index_.find(PackKind::Data, id);
  if (!known.ok() || !known.value()) return nullptr;
  const ChunkPlace* place = &*known.value();
  std::scoped_lock lock(mutex_);
  auto found = pieces_.begin();
  while (found != pieces_.end() && found->pack != place->pack) ++found;
  if (found == pieces_.end()) {
    CachedPieces loaded{.pack = place->pack};
    if (Result<PackReader*> reader = pack(place->pack); reader.ok()) {
      if (auto tables = reader.value()->pieces(deadline_); tables.ok())
        for (auto& [ordinal, table] : tables.value()) loaded.tables.emplace(ordinal, std::move(table));
    }
    pieces_.push_front(std::move(loaded));
    if (pieces_.size() > pieces_cache_packs) pieces_.pop_back();
  } else {
    pieces_.splice(pieces_.begin(), pieces_, found);
  }
  const auto table = pieces_.front().tables.find(place->ordinal);
  return table == pieces_.front().tables.end() ? nullptr : &table->second;
}

}  // namespace hf
