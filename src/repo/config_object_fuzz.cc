// Whatever bytes as the object `config`: what is accepted encodes to the same bytes, but for a minor version of later.
#include "repo/format.h"
#include "repo/repository.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView object = std::as_bytes(std::span(data, size));
  const hf::Result<hf::ConfigObject> config = hf::decode_config(object);
  if (!config.ok()) return 0;
  const hf::BytesView authenticated = config.value().authenticated;
  HF_ASSERT(authenticated.size() + config.value().mac.size() == size);
  // A later one may name features that a reader may ignore.
  if (hf::load_le<uint16_t>(object.data() + 6) > hf::format_minor) return 0;
  const hf::KeyRing ring(hf::RootKey::take(std::vector<unsigned char>(32)), config.value().repository);
  const hf::Bytes again = hf::encode_config(ring, config.value().created);
  HF_ASSERT(hf::equal(hf::BytesView(again).first(again.size() - config.value().mac.size()), authenticated));
  return 0;
}
