#include "repo/segment.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace hf {

static_assert(std::endian::native == std::endian::little);  // entries are written as they lie in memory

void IndexSegment::add(const PackInfo& pack, const std::vector<ChunkId>& ids) {
  const uint32_t number = static_cast<uint32_t>(packs.size());
  packs.push_back(pack);
  for (uint32_t i = 0; i < ids.size(); ++i) {
    SegmentEntry& entry = entries.emplace_back();
    std::memcpy(entry.prefix.data(), ids[i].bytes.data(), id_prefix_bytes);
    entry.pack = number;
    entry.ordinal = i;
  }
}

void IndexSegment::sort() {
  std::sort(entries.begin(), entries.end(), [](const SegmentEntry& a, const SegmentEntry& b) {
    const int order = std::memcmp(a.prefix.data(), b.prefix.data(), id_prefix_bytes);
    return order != 0 ? order < 0 : std::tie(a.pack, a.ordinal) < std::tie(b.pack, b.ordinal);
  });
}

Bytes encode_segment(const IndexSegment& segment) {
  Bytes out;
  out.reserve(segment_head_bytes + segment.packs.size() * segment_pack_bytes +
              segment.entries.size() * segment_entry_bytes);
  append(out, as_bytes("HFIX"));
  append_le<uint32_t>(out, static_cast<uint32_t>(segment.packs.size()));
  append_le<uint32_t>(out, static_cast<uint32_t>(segment.entries.size()));
  append_le<uint32_t>(out, static_cast<uint32_t>(segment.superseded.size()));
  for (const PackInfo& pack : segment.packs) {
    append(out, pack.name.view());
    append_le<uint64_t>(out, pack.size);
    append_le<uint32_t>(out, static_cast<uint32_t>(pack.kind));
    append_le<uint32_t>(out, pack.epoch);
  }
  append(out, std::as_bytes(std::span(segment.entries)));
  for (const Sha256& name : segment.superseded) append(out, name.view());
  return out;
}

}  // namespace hf
