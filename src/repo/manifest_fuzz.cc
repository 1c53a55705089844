// Whatever bytes as a manifest's message: what is accepted is the same again when written and read.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Manifest> manifest = hf::decode_manifest(plain);
  if (!manifest.ok()) return 0;
  const hf::Bytes written = hf::encode(manifest.value());
  const hf::Result<hf::Manifest> again = hf::decode_manifest(written);
  HF_ASSERT(again.ok());
  HF_ASSERT(hf::equal(hf::encode(again.value()), written));
  return 0;
}
