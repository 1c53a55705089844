// Whatever bytes as a head's message: what is accepted encodes to the same bytes.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Head> head = hf::decode_head(plain);
  if (!head.ok()) return 0;
  HF_ASSERT(hf::equal(hf::encode(head.value()), plain));
  return 0;
}
