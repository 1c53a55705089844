// The layout that envelopes of all kinds share ("HFKY" in docs/FORMAT.md): for the KeyKinds, not for their users.
//
// A kind decides what stands in the fields and how the key-encryption key (KEK) comes to be; sealing, parsing and
// checking are here. What a parsed envelope holds was checked to be possible for its kind.
#pragma once

#include <string>

#include "base/clock.h"
#include "keys/envelope.h"

namespace hf {

inline constexpr size_t passphrase_salt_bytes = 16;
inline constexpr size_t key_file_salt_bytes = 32;

enum class EnvelopeKind : uint8_t { Phrase = 1, KeyFile = 2, X25519 = 3 };

struct EnvelopeFields {
  EnvelopeKind kind{};
  RepositoryId repository;
  WallTime created{};
  WallTime expires{};
  std::string label;
  Bytes salt;
  uint32_t memory_kib = 0;
  uint32_t passes = 0;
  Bytes ephemeral;
  Bytes recipient;
};

struct ParsedEnvelope {
  EnvelopeFields fields;
  BytesView bound;   // authenticated with the key; a part of the object parsed
  BytesView sealed;  // the root key under the KEK
};

// Corrupt if it is not an envelope of format 1, or asks for costs that none of ours asks for.
Result<ParsedEnvelope> parse_envelope(BytesView object);

// Invalid if the label is no plain text. Fields of the kind are left to the caller.
Result<EnvelopeFields> fields_of(EnvelopeKind kind, const EnvelopeRequest& request);

Bytes seal_envelope(const EnvelopeFields& fields, const DataKey& kek, const RootKey& root);
// KeyMissing if `kek` is not the one it was sealed with, or the envelope was altered: nobody can tell these apart.
Result<RootKey> unseal_envelope(const ParsedEnvelope& envelope, const DataKey& kek);

// HKDF-SHA-256 of 32 bytes.
DataKey derive_kek(BytesView secret, BytesView salt, std::string_view info);

}  // namespace hf
