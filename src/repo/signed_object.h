// SignedObject: a text head anybody can verify with a stock openssl, and a sealed body.
//
// docs/FORMAT.md, "Signed objects". Verified in this order: signer known, signature, repository and name, body hash;
// only then is the body decrypted, and only then parsed.
#pragma once

#include <string>
#include <vector>

#include "base/entropy.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "keys/key_ring.h"

namespace hf {

enum class SignedKind : uint8_t { Manifest, Head, Checkpoint, Condemned, Swept, Attachment };
std::string_view name_of(SignedKind kind);

struct SignedHead {
  SignedKind kind = SignedKind::Manifest;
  std::string name;  // of the object in the store
  Sha256 previous{};
  std::string key_id;
};

struct SignedBody {
  SignedHead head;
  Bytes body;     // decrypted, decompressed
  Sha256 digest;  // of the whole object
};

// Signers whose signatures count.
class TrustedSigners {
 public:
  void add(Verifier verifier);
  const Verifier* find(std::string_view key_id) const;
  const std::vector<Verifier>& all() const { return verifiers_; }

 private:
  std::vector<Verifier> verifiers_;
};

Result<Bytes> make_signed(const KeyRing& ring, const Signer& signer, SignedKind kind, std::string_view name,
                          const Sha256& previous, BytesView body, Entropy& entropy);

// KeyMissing: no trusted signer, or the signature is not theirs. Corrupt: anything else that does not fit.
Result<SignedBody> open_signed(const KeyRing& ring, const TrustedSigners& signers, SignedKind kind,
                               std::string_view name, BytesView object);

// The head of any signed object, checked for form only: for tools and tests.
struct SignedText {
  SignedHead head;
  std::string repository;
  std::string algorithm;
  uint64_t body_size = 0;
  Sha256 body_digest{};
  BytesView signed_bytes, body;
  Bytes signature;
};
Result<SignedText> parse_signed(BytesView object);

}  // namespace hf
