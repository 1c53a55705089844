#include "repo/repack.h"

namespace hf {
namespace {

Result<PackReader> open_source(Repository& repository, const RepackSource& pack) {
  return PackReader::open(repository.store(), repository.ring(), pack.kind, pack.name, pack.size,
                          repository.deadline());
}

bool is_live(const RepackSource& pack, size_t chunk) {
  return chunk < pack.live.size() && pack.live[chunk];
}

// As the chunk was grouped when it was stored first: what did not compress then does not now.
CutClass cut_class(Codec codec, uint32_t length) {
  if (codec == Codec::Raw) return CutClass::Media;
  return length <= small_file_bytes_max ? CutClass::Whole : CutClass::Stream;
}

Status copy_record(Repository& repository, Pipeline& pipeline, const RepackSource& pack, const RecordRef& record,
                   std::unordered_map<uint32_t, PieceTable>& pieces) {
  const Bytes sealed =
      HF_TRY(repository.store().get(record.object, record.place.offset, record.place.stored, repository.deadline()));
  const Bytes raw = HF_TRY(open_record(repository.ring(), record, sealed));
  size_t offset = 0;
  for (uint32_t i = 0; i < record.ids.size(); ++i) {
    const BytesView chunk = BytesView(raw).subspan(offset, record.lengths[i]);
    offset += record.lengths[i];
    const uint32_t ordinal = record.place.chunk_first + i;
    if (!is_live(pack, ordinal)) continue;
    if (pack.kind == PackKind::Meta) {
      HF_TRY(pipeline.add_meta(chunk));
      continue;
    }
    const auto table = pieces.find(ordinal);
    HF_TRY(pipeline.add(cut_class(record.place.codec, record.lengths[i]), chunk,
                        table == pieces.end() ? PieceTable() : std::move(table->second)));
  }
  return {};
}

}  // namespace

Status copy_chunks(Repository& repository, Pipeline& pipeline, const RepackSource& pack, std::stop_token stop) {
  const PackReader reader = HF_TRY(open_source(repository, pack));
  std::unordered_map<uint32_t, PieceTable> pieces;
  auto recorded = reader.pieces(repository.deadline());
  // No chunk is lost with them: later versions of its file only find less of it again.
  if (!recorded.ok() && recorded.error().code() != Code::Corrupt) return std::move(recorded).error();
  if (recorded.ok())
    for (auto& [ordinal, table] : recorded.value()) pieces.emplace(ordinal, std::move(table));
  for (uint32_t number = 0; number < reader.table().records.size(); ++number) {
    if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
    const RecordPlace& place = reader.table().records[number];
    bool any = false;
    for (uint32_t i = 0; i < place.chunk_count; ++i) any = any || is_live(pack, place.chunk_first + i);
    if (any) HF_TRY(copy_record(repository, pipeline, pack, reader.record(number), pieces));
  }
  return {};
}

Result<double> live_share(Repository& repository, const RepackSource& pack) {
  const PackReader reader = HF_TRY(open_source(repository, pack));
  uint64_t live = 0, all = 0;
  for (size_t i = 0; i < reader.table().lengths.size(); ++i) {
    all += reader.table().lengths[i];
    if (is_live(pack, i)) live += reader.table().lengths[i];
  }
  return all == 0 ? 0.0 : static_cast<double>(live) / static_cast<double>(all);
}

Status repack(Repository& repository, const std::vector<RepackSource>& packs, std::stop_token stop) {
  Index& index = *HF_TRY(repository.index());
  Pipeline pipeline(repository.env(), repository.store(), repository.ring(), index, {}, repository.deadline());
  Status copied;
  for (const RepackSource& pack : packs) {
    HF_ASSERT(index.is_excluded(pack.name));
    copied = copy_chunks(repository, pipeline, pack, stop).during("repack " + pack_object_name(pack.kind, pack.name));
    if (copied.ok() && pipeline.undrained_chunks() > pending_chunks_max) copied = pipeline.drain();
    if (!copied.ok()) break;
  }
  // A failed stage is why nothing more could be added.
  const Status finished = pipeline.finish();
  if (!copied.ok() && (finished.ok() || copied.error().code() != Code::Cancelled)) return copied;
  if (!finished.ok()) return finished.error().clone();
  return {};
}

}  // namespace hf
