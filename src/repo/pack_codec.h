// The messages inside a pack, to and from plain structs. Decoders take hostile bytes.
#pragma once

#include "repo/pack.h"

namespace hf {

Bytes encode_trailer(const PackTable& table);
// Corrupt unless every record lies between the header and `records_end`, one after another, and chunks fill their
// groups.
Result<PackTable> decode_trailer(BytesView plain, uint64_t records_end);
Bytes encode_pieces(const std::vector<uint32_t>& chunks, const std::vector<uint32_t>& counts,
                    const std::vector<uint32_t>& lengths, BytesView fingerprints);

}  // namespace hf
