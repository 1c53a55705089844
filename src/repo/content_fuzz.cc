// Whatever bytes as content: what is accepted stays within its chunks and encodes to the same bytes.
#include "repo/content.h"
#include "repo/format.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::ExtentRun> run = hf::decode_content(plain);
  if (!run.ok()) return 0;
  for (const hf::Extent& extent : run.value().extents) {
    HF_ASSERT(extent.length > 0);
    if (extent.kind != hf::ExtentKind::Data) continue;
    HF_ASSERT(extent.chunk < run.value().ids.size());
    HF_ASSERT(extent.offset + extent.length <= hf::chunk_bytes_max);
  }
  HF_ASSERT(hf::equal(hf::encode_content(run.value()), plain));
  return 0;
}
