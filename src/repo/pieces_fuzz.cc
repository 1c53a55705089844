// Whatever bytes as the pieces of a pack: what is accepted encodes to the same bytes.
#include "repo/pack_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView plain = std::as_bytes(std::span(data, size));
  const auto pieces = hf::decode_pieces(plain);
  if (!pieces.ok()) return 0;
  std::vector<uint32_t> chunks, counts, lengths;
  hf::Bytes fingerprints;
  for (const auto& [chunk, table] : pieces.value()) {
    HF_ASSERT(table.lengths.size() == table.fingerprints.size());
    chunks.push_back(chunk);
    counts.push_back(static_cast<uint32_t>(table.lengths.size()));
    lengths.insert(lengths.end(), table.lengths.begin(), table.lengths.end());
    for (const hf::Fingerprint& fingerprint : table.fingerprints) hf::append(fingerprints, fingerprint);
  }
  HF_ASSERT(hf::equal(hf::encode_pieces(chunks, counts, lengths, fingerprints), plain));
  return 0;
}
