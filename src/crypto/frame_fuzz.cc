// Whatever bytes as a zstd frame: what is accepted is within the limit, and comes back when it is compressed again.
#include "crypto/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  static hf::Decompressor decompressor;
  static hf::Compressor compressor(1);
  constexpr size_t raw_bytes_max = 1 << 20;
  const hf::BytesView frame = std::as_bytes(std::span(data, size));
  hf::is_incompressible(frame);
  const hf::Result<hf::Bytes> raw = decompressor.decompress_up_to(frame, raw_bytes_max);
  if (!raw.ok()) return 0;
  HF_ASSERT(raw.value().size() <= raw_bytes_max);
  HF_ASSERT(!decompressor.decompress(frame, raw.value().size() + 1).ok());
  const hf::Bytes again = compressor.compress(raw.value());
  const hf::Result<hf::Bytes> back = decompressor.decompress(again, raw.value().size());
  HF_ASSERT(back.ok());
  HF_ASSERT(hf::equal(back.value(), raw.value()));
  return 0;
}
