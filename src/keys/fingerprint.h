// Fingerprints of values that are never stored: they show that a value has changed, and nothing else of it.
//
// FORMAT.md, "Fingerprints", is the definition. The key never leaves the repository's key ring, so what was restored,
// exported or shown cannot be guessed against at all; who can open the repository pays argon2id over 16 MiB for each
// guess at each name: 10 ms, so a million guesses are three hours of a core. The name is part of it: equal values of
// two names look unrelated.
#pragma once

#include "keys/key_ring.h"

namespace hf {

// 16 bytes. Failed if the memory cannot be had.
Result<Bytes> fingerprint_of(const KeyRing& ring, std::string_view name, BytesView value);

}  // namespace hf
