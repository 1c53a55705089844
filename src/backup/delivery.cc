#include "backup/delivery.h"

namespace hf {
namespace {

constexpr uint64_t window_bytes_max = 64u << 20;
constexpr size_t window_wants_max = 64u << 10;

Error stopped() {
  return Error(Code::Cancelled, "delivery has stopped");
}

}  // namespace

Delivery::Delivery(Repository& repository, ChunkReader& chunks, DeliverySink& sink, unsigned workers)
    : repository_(repository), chunks_(chunks), sink_(sink) {
  for (unsigned i = 0; i < workers; ++i) tasks_.start("deliver", [this](std::stop_token stop) { return work(stop); });
}

Status Delivery::add(size_t file, uint64_t size, const ContentRef& content) {
  ContentReader reader(content, chunks_.meta_get());
  uint64_t offset = 0;
  while (offset < size) {
    Result<ExtentRun> run = reader.next();
    if (run.ok() && run.value().empty()) run = Error(Code::Corrupt, "its content is shorter than its size");
    if (!run.ok()) {
      sink_.failed(file, size - offset, run.error());
      return {};
    }
    for (const Extent& extent : run.value().extents) {
      if (extent.length > size - offset) {
        sink_.failed(file, size - offset, Error(Code::Corrupt, "its content is longer than its size"));
        return {};
      }
      if (extent.kind == ExtentKind::Data)
        HF_TRY(want(file, offset, run.value().ids[extent.chunk], extent.offset, extent.length));
      else
        HF_TRY(sink_.gap(file, extent.kind, offset, extent.length));
      offset += extent.length;
    }
  }
  return {};
}

Status Delivery::want(size_t file, uint64_t file_offset, const ChunkId& id, uint32_t offset, uint64_t length) {
  const Result<ChunkSpot> spot = chunks_.locate(PackKind::Data, id);
  if (spot.ok() && (offset > spot.value().length || length > spot.value().length - offset)) {
    sink_.failed(file, length, Error(Code::Corrupt, "it refers to more of a chunk than there is"));
    return {};
  }
  if (!spot.ok()) {
    sink_.failed(file, length, spot.error());
    return {};
  }
  window_[{spot.value().pack, spot.value().record}].push_back({.file = file,
                                                               .file_offset = file_offset,
                                                               .offset = spot.value().offset + offset,
                                                               .length = static_cast<uint32_t>(length)});
  window_bytes_ += length;
  if (window_bytes_ >= window_bytes_max || ++window_wants_ >= window_wants_max) return send_window();
  return {};
}

Status Delivery::send_window() {
  for (auto& [place, wants] : window_) {
    Result<RecordRef> record = chunks_.record(place.first, place.second);
    if (!record.ok()) {
      for (const Want& lost : wants) sink_.failed(lost.file, lost.length, record.error());
      continue;
    }
    if (!jobs_.push({.record = std::move(record).value(), .wants = std::move(wants)}, tasks_.token())) return stopped();
  }
  window_.clear();
  window_bytes_ = window_wants_ = 0;
  return {};
}

Status Delivery::work(std::stop_token stop) {
  while (std::optional<Job> job = jobs_.pop(stop)) {
    const Result<Bytes> raw = chunks_.read(job->record);
    if (!raw.ok() && raw.error().code() == Code::Unavailable) return raw.error().clone();
    for (const Want& want : job->wants) {
      if (raw.ok())
        HF_TRY(sink_.bytes(want.file, want.file_offset, BytesView(raw.value()).subspan(want.offset, want.length)));
      else
        sink_.failed(want.file, want.length, raw.error());
    }
  }
  return {};
}

Status Delivery::finish() {
  const Status sent = send_window();
  jobs_.close();
  Status worked = tasks_.join();
  if (!worked.ok()) return worked;
  return sent.ok() ? Status() : Status(sent.error().clone());
}

}  // namespace hf
