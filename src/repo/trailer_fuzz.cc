// Whatever bytes as a pack's trailer: what is accepted encodes to the same bytes.
#include "repo/pack_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  // The first eight bytes say where the records end.
  if (size < 8) return 0;
  const hf::BytesView input = std::as_bytes(std::span(data, size));
  const hf::BytesView plain = input.subspan(8);
  const hf::Result<hf::PackTable> table = hf::decode_trailer(plain, hf::load_le<uint64_t>(input.data()));
  if (!table.ok()) return 0;
  const hf::PackTable& is = table.value();
  HF_ASSERT(is.lengths.size() == is.ids.size());
  HF_ASSERT(is.record_of.size() == is.ids.size());
  HF_ASSERT(is.offset_of.size() == is.ids.size());
  for (size_t i = 0; i < is.ids.size(); ++i) {
    HF_ASSERT(is.record_of[i] < is.records.size());
    HF_ASSERT(is.offset_of[i] + uint64_t{is.lengths[i]} <= is.records[is.record_of[i]].raw);
  }
  HF_ASSERT(hf::equal(hf::encode_trailer(is), plain));
  return 0;
}
