// Whatever bytes as a head's message: what is accepted is the same again when written and read.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Head> head = hf::decode_head(plain);
  if (!head.ok()) return 0;
  const hf::Bytes written = hf::encode(head.value());
  const hf::Result<hf::Head> again = hf::decode_head(written);
  HF_ASSERT(again.ok());
  HF_ASSERT(hf::equal(hf::encode(again.value()), written));
  return 0;
}
