// Secrets from people and from public keys: argon2id (RFC 9106, through libsodium) and X25519 (RFC 7748).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace hf {

class Entropy;

// argon2id, one lane, 32 bytes out. Failed if the memory cannot be had. Requires: salt of 16 bytes.
Result<DataKey> argon2id(const Passphrase& passphrase, BytesView salt, uint32_t memory_kib, uint32_t passes);

struct X25519Pair {
  Bytes public_key;  // 32 bytes
  DataKey private_key;
};
X25519Pair x25519_generate(Entropy& entropy);
// KeyMissing for a public key of low order.
Result<DataKey> x25519_shared(const DataKey& private_key, BytesView public_key);
Result<Bytes> x25519_public_from_pem(std::string_view pem);           // a SubjectPublicKeyInfo PEM, or of a private key
Result<X25519Pair> x25519_pair_from_pem(const Passphrase& pem_text);  // PKCS#8 PEM

}  // namespace hf
