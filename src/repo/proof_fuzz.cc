// Whatever bytes as a proof's message: what is accepted is the same again when written and read.
#include "repo/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const hf::Result<hf::Proof> proof = hf::decode_proof(plain);
  if (!proof.ok()) return 0;
  const hf::Bytes written = hf::encode(proof.value());
  const hf::Result<hf::Proof> again = hf::decode_proof(written);
  HF_ASSERT(again.ok());
  HF_ASSERT(hf::equal(hf::encode(again.value()), written));
  return 0;
}
