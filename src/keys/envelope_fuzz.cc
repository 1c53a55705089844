// Whatever bytes as a key envelope: what is accepted encodes to the same bytes, but for the sealed key.
#include "keys/envelope_format.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView object = std::as_bytes(std::span(data, size));
  const hf::Result<hf::EnvelopeInfo> info = hf::inspect_envelope(object);
  const hf::Result<hf::ParsedEnvelope> envelope = hf::parse_envelope(object);
  HF_ASSERT(info.ok() == envelope.ok());
  if (!envelope.ok()) return 0;
  const hf::BytesView bound = envelope.value().bound;
  HF_ASSERT(bound.size() + envelope.value().sealed.size() == size);
  const hf::Bytes again = hf::seal_envelope(envelope.value().fields, hf::DataKey::take(std::vector<unsigned char>(32)),
                                            hf::RootKey::take(std::vector<unsigned char>(32)));
  HF_ASSERT(again.size() == size);
  HF_ASSERT(hf::equal(hf::BytesView(again).first(bound.size()), bound));
  return 0;
}
