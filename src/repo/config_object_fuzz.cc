// Whatever bytes as the object `config`: what is accepted encodes to the same message.
#include "repo/repository.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  constexpr size_t head_bytes = 12;  // the minor version in it is anybody's
  const hf::BytesView object = std::as_bytes(std::span(data, size));
  const hf::Result<hf::ConfigObject> config = hf::decode_config(object);
  if (!config.ok()) return 0;
  const hf::BytesView authenticated = config.value().authenticated;
  HF_ASSERT(authenticated.size() + config.value().mac.size() == size);
  const hf::KeyRing ring(hf::RootKey::take(std::vector<unsigned char>(32)), config.value().repository);
  const hf::Bytes again = hf::encode_config(ring, config.value().created);
  HF_ASSERT(hf::equal(hf::BytesView(again).subspan(head_bytes, again.size() - head_bytes - config.value().mac.size()),
                      authenticated.subspan(head_bytes)));
  return 0;
}
