#include "backup/record_cache.h"

namespace hf {

Error as_damage(Error error) {
  if (error.code() != Code::NotFound) return error;
  return Error(Code::Corrupt, error.message()).with_hint("holdfast check shows which points are damaged");
}

Result<BytesView> RecordCache::chunk(const ChunkId& id) {
  Result<ChunkSpot> located = chunks_.locate(PackKind::Data, id);
  if (!located.ok()) return as_damage(std::move(located).error());
  const ChunkSpot spot = located.value();
  if (!any_ || spot.pack != pack_ || spot.record != record_) {
    any_ = false;
    Result<RecordRef> record = chunks_.record(spot.pack, spot.record);
    if (!record.ok()) return as_damage(std::move(record).error());
    Result<Bytes> raw = chunks_.read(record.value());
    if (!raw.ok()) return as_damage(std::move(raw).error());
    raw_ = std::move(raw).value();
    pack_ = spot.pack;
    record_ = spot.record;
    any_ = true;
  }
  if (spot.offset > raw_.size() || spot.length > raw_.size() - spot.offset)
    return Error(Code::Corrupt, "a record is shorter than its pack says").with_hint("holdfast check --read-data 100%");
  return BytesView(raw_).subspan(spot.offset, spot.length);
}

}  // namespace hf
