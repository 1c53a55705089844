// Whatever bytes as a proof's message: what is accepted encodes to the same bytes.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Proof> proof = hf::decode_proof(plain);
  if (!proof.ok()) return 0;
  HF_ASSERT(hf::equal(hf::encode(proof.value()), plain));
  return 0;
}
