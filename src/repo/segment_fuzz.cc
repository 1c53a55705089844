// Whatever bytes as an index segment: what is accepted encodes to the same bytes, and every entry is found.
#include "repo/index.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::IndexSegment> segment = hf::decode_segment(plain);
  if (!segment.ok()) return 0;
  for (const hf::IndexSegment::Entry& entry : segment.value().entries) {
    HF_ASSERT(entry.pack < segment.value().packs.size());
    hf::ChunkId id;
    std::memcpy(id.bytes.data(), entry.prefix.data(), entry.prefix.size());
    const hf::IndexSegment::Entry* found = segment.value().find(id);
    HF_ASSERT(found != nullptr);
    HF_ASSERT(found->prefix == entry.prefix);
  }
  HF_ASSERT(hf::equal(hf::encode_segment(segment.value()), plain));
  return 0;
}
