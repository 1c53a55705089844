#include "repo/content.h"

#include "base/message.h"
#include "repo/content_message.h"
#include "repo/format.h"

namespace hf {

void append_extent(ExtentRun& run, ExtentKind kind, uint64_t length, const ChunkId* id, uint32_t offset) {
  if (length == 0) return;
  HF_ASSERT((kind == ExtentKind::Data) == (id != nullptr));
  if (!run.extents.empty() && run.extents.back().kind == kind) {
    Extent& last = run.extents.back();
    // The last extent's chunk need not be the last id.
    if (kind != ExtentKind::Data || (run.ids[last.chunk] == *id && last.offset + last.length == offset)) {
      last.length += length;
      return;
    }
  }
  if (kind != ExtentKind::Data) {
    run.extents.push_back({.kind = kind, .length = length});
    return;
  }
  // Changes alternate between an old chunk and the one of new pieces: look a few back before listing an id again.
  size_t at = run.ids.size();
  for (size_t back = 1; back <= 4 && back <= run.ids.size(); ++back)
    if (run.ids[run.ids.size() - back] == *id) at = run.ids.size() - back;
  if (at == run.ids.size()) run.ids.push_back(*id);
  run.extents.push_back({.kind = kind, .length = length, .chunk = static_cast<uint32_t>(at), .offset = offset});
}

void to_message(const ExtentRun& run, proto::Content& message) {
  std::string& ids = *message.mutable_ids();
  ids.reserve(run.ids.size() * ChunkId::size);
  for (const ChunkId& id : run.ids) ids += as_text(id.view());
  for (const Extent& extent : run.extents) {
    message.add_extents(extent.length * 4 + static_cast<uint64_t>(extent.kind));
    if (extent.kind != ExtentKind::Data) continue;
    message.add_extents(extent.chunk);
    message.add_extents(extent.offset);
  }
}

Result<ExtentRun> from_message(const proto::Content& message) {
  const Error bad(Code::Corrupt, "content does not add up");
  ExtentRun run;
  if (message.ids().size() % ChunkId::size != 0) return bad.clone();
  run.ids.resize(message.ids().size() / ChunkId::size);
  if (!run.ids.empty()) std::memcpy(run.ids.data(), message.ids().data(), message.ids().size());
  const int count = message.extents_size();
  for (int i = 0; i < count; ++i) {
    const uint64_t word = message.extents(i);
    Extent extent{.kind = static_cast<ExtentKind>(word & 3), .length = word / 4};
    if ((word & 3) == 3 || extent.length == 0) return bad.clone();
    if (extent.kind == ExtentKind::Data) {
      if (count - i < 3) return bad.clone();
      const uint64_t chunk = message.extents(i + 1), offset = message.extents(i + 2);
      const bool inside =
          chunk < run.ids.size() && offset < chunk_bytes_max && extent.length <= chunk_bytes_max - offset;
      if (!inside) return bad.clone();
      extent.chunk = static_cast<uint32_t>(chunk);
      extent.offset = static_cast<uint32_t>(offset);
      i += 2;
    }
    run.extents.push_back(extent);
  }
  return run;
}

Bytes encode_content(const ExtentRun& run) {
  proto::Content message;
  to_message(run, message);
  return encode_message(message);
}

Result<ExtentRun> decode_content(BytesView bytes) {
  const auto message = HF_TRY(decode_message<proto::Content>(bytes, "content"));
  ExtentRun run = HF_TRY(from_message(message));
  if (run.empty()) return Error(Code::Corrupt, "content of nothing");
  return run;
}

}  // namespace hf
