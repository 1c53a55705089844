// Whatever bytes as a condemned record's message: what is accepted encodes to the same bytes.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Condemned> condemned = hf::decode_condemned(plain);
  if (!condemned.ok()) return 0;
  HF_ASSERT(hf::equal(hf::encode(condemned.value()), plain));
  return 0;
}
