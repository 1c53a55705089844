// Envelope: the root key wrapped by something a person or a machine holds.
//
// Each KeyKind (passphrase, key file, X25519 recipient; later KMS, Vault, PKCS#11) wraps and unwraps; the list of kinds
// is in app/kinds.cc. Any one envelope opens a repository.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/secret.h"
#include "keys/key_ring.h"

namespace hf {

// What an envelope says of itself without any key.
struct EnvelopeInfo {
  std::string id;    // first 16 hex of B3(object)
  std::string kind;  // name of its KeyKind
  std::string label;
  WallTime created{};
  WallTime expires{};     // WallTime{}: never
  std::string recipient;  // X25519: the public key, hex
};

// What somebody who opens or adds an envelope holds. Exactly one is set.
struct Credentials {
  std::optional<Passphrase> passphrase;
  std::optional<Passphrase> key_file;        // its bytes
  std::optional<Passphrase> identity_pem;    // X25519 private key, PEM
  std::optional<std::string> recipient_pem;  // X25519 public key, PEM: to wrap only
};

struct EnvelopeRequest {
  RepositoryId repository;
  std::string label;
  WallTime created{};
  WallTime expires{};
};

struct KeyKind {
  std::string_view name, help;  // "passphrase", "key-file", "x25519"
  // True if these credentials are of this kind.
  std::function<bool(const Credentials&)> accepts;
  // A whole keys/<id> object.
  std::function<Result<Bytes>(const RootKey&, const Credentials&, const EnvelopeRequest&, Entropy&)> wrap;
  // KeyMissing if these credentials do not open it; Corrupt if it is damaged beyond that question.
  std::function<Result<RootKey>(BytesView object, const Credentials&)> unwrap;
};

KeyKind passphrase_key_kind();
KeyKind file_key_kind();
KeyKind x25519_key_kind();

inline constexpr size_t envelope_bytes_max = 64 << 10;

// Corrupt if it is not an envelope of format 1.
Result<EnvelopeInfo> inspect_envelope(BytesView object);

// Tries each of `objects` whose kind accepts `credentials`. KeyMissing, with a hint, if none opens; expired envelopes
// are opened too (the caller warns): an expiry is for people, not a way to lose a backup.
struct Opened {
  RootKey root;
  EnvelopeInfo envelope;
};
Result<Opened> open_any(const std::vector<KeyKind>& kinds, const std::vector<Bytes>& objects,
                        const Credentials& credentials);

}  // namespace hf
