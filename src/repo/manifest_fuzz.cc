// Whatever bytes as a manifest's message: what is accepted encodes to the same bytes.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Manifest> manifest = hf::decode_manifest(plain);
  if (!manifest.ok()) return 0;
  HF_ASSERT(hf::equal(hf::encode(manifest.value()), plain));
  return 0;
}
