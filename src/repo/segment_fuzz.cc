// Whatever bytes as an index segment: of what is accepted every entry is found, and all of it encodes to the same
// bytes.
#include "repo/segment_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::SegmentKeys keys(hf::Key32{}, "index/0-fuzz");
  const hf::Result<hf::SegmentSummary> scanned = hf::scan_segment(hf::SegmentBytes(hf::to_bytes(plain)), keys);
  if (!scanned.ok()) return 0;
  const hf::SegmentSummary& summary = scanned.value();
  hf::IndexSegment segment{.packs = summary.packs};
  segment.entries.resize(summary.entries);
  const hf::BytesView entries = plain.subspan(summary.entries_offset(), summary.entries * hf::segment_entry_bytes);
  if (!entries.empty()) std::memcpy(segment.entries.data(), entries.data(), entries.size());
  for (const hf::SegmentEntry& entry : segment.entries) {
    HF_ASSERT(entry.pack < summary.packs.size());
    HF_ASSERT(entry.ordinal < summary.chunk_counts[entry.pack]);
    HF_ASSERT(summary.filter.may_hold(entry.prefix.data()));
  }
  for (size_t at = summary.entries_offset() + entries.size(); at < plain.size(); at += hf::Sha256::size)
    segment.superseded.push_back(*hf::Sha256::from(plain.subspan(at, hf::Sha256::size)));
  HF_ASSERT(hf::equal(hf::encode_segment(segment), plain));
  return 0;
}
