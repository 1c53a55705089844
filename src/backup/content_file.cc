#include "backup/content_file.h"

#include <algorithm>

#include "repo/list.h"

namespace hf {

Result<size_t> ContentFile::read_at(uint64_t at, BytesSpan out) {
  const auto behind = std::upper_bound(spans_.begin(), spans_.end(), at,
                                       [](uint64_t offset, const Span& span) { return offset < span.begin; });
  size_t done = 0;
  for (auto span = behind == spans_.begin() ? behind : behind - 1; span != spans_.end() && done < out.size(); ++span) {
    const uint64_t skip = at + done - span->begin;
    if (skip >= span->length) continue;
    const BytesSpan part = out.subspan(done, std::min<uint64_t>(out.size() - done, span->length - skip));
    HF_TRY(fill(*span, skip, part));
    done += part.size();
  }
  return done;
}

Status ContentFile::fill(const Span& span, uint64_t skip, BytesSpan out) {
  if (!span.chunk) {
    std::fill(out.begin(), out.end(), std::byte{0});
    return {};
  }
  const BytesView chunk = HF_TRY(records_.chunk(*span.chunk));
  if (span.offset + skip > chunk.size() || out.size() > chunk.size() - span.offset - skip)
    return Error(Code::Corrupt, "a file refers to more of a chunk than there is");
  std::memcpy(out.data(), chunk.data() + span.offset + skip, out.size());
  return {};
}

Result<std::unique_ptr<ContentFile>> ContentFile::open(ChunkReader& chunks, const ContentRef& content, uint64_t size) {
  std::unique_ptr<ContentFile> file(new ContentFile(chunks));
  ContentReader reader(content, chunks.meta_get());
  for (ExtentRun run = HF_TRY(reader.next()); !run.empty(); run = HF_TRY(reader.next())) {
    for (const Extent& extent : run.extents) {
      Span span{.begin = file->size_, .length = extent.length, .chunk = std::nullopt, .offset = extent.offset};
      if (extent.kind == ExtentKind::Data) span.chunk = run.ids[extent.chunk];
      file->spans_.push_back(std::move(span));
      file->size_ += extent.length;
    }
  }
  if (file->size_ != size) return Error(Code::Corrupt, "a file's content is of another length than its entry says");
  return file;
}

ByteRange ContentFile::range() {
  return {size_, [this](uint64_t offset, BytesSpan out) { return read_at(offset, out); }};
}

}  // namespace hf
