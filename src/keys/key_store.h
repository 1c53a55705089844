// The repository's keys as objects of a Store: envelopes (keys/), data-key epochs (epochs/), signers (signers/).
//
// Everything written is durable when the call returns. Everything read is authenticated before it is believed, and what
// fails that is Corrupt, naming the object.
#pragma once

#include <string>
#include <vector>

#include "crypto/signature.h"
#include "keys/envelope.h"
#include "keys/key_ring.h"
#include "store/store.h"

namespace hf {

// Kind of an EnvelopeInfo whose object cannot be read as an envelope, or is not what its name says.
inline constexpr std::string_view envelope_kind_damaged = "damaged";

// Sorted by creation. Damaged envelopes are listed too, with that kind and the id of their name.
Result<std::vector<EnvelopeInfo>> list_envelopes(Store& store, const Deadline& deadline);
// The objects themselves, for open_any(), which passes over damaged ones.
Result<std::vector<Bytes>> load_envelopes(Store& store, const Deadline& deadline);
// Returns the id. Corrupt if `object` is not an envelope. The same envelope twice is a success.
Result<std::string> add_envelope(Store& store, BytesView object, const Deadline& deadline);
// NotFound if there is none of that id; Refused if no other sound envelope would be left; Held if others are there, but
// each is just being removed as well. However many do this at once, and whichever of them are interrupted, a sound one
// stays: each says what it means to remove before it looks what is left.
Status remove_envelope(Store& store, std::string_view id, Entropy& entropy, const Deadline& deadline);

// Revoked keys: `revoked/<id>` says so to the other copies of the repository, and is copied to them; sealed under the
// root key, so that a store cannot say it. Called once the envelope is gone.
Status record_revoked(Store& store, const KeyRing& ring, std::string_view id, Entropy& entropy,
                      const Deadline& deadline);
// The ids. Corrupt, naming the object, if one was not written by a holder of the root key.
Result<std::vector<std::string>> load_revoked(Store& store, const KeyRing& ring, const Deadline& deadline);

// Adds all epochs of the repository to `ring`. Requires: `ring` has none.
Status load_epochs(Store& store, KeyRing& ring, const Deadline& deadline);
struct EpochInfo {
  uint32_t number = 0;
  WallTime created{};
};
// By number.
Result<std::vector<EpochInfo>> list_epochs(Store& store, const KeyRing& ring, const Deadline& deadline);
// Makes the epoch after the ring's highest, adds it to the ring and returns its number. If somebody else has just made
// that epoch, theirs is taken.
Result<uint32_t> start_epoch(Store& store, KeyRing& ring, WallTime now, Entropy& entropy, const Deadline& deadline);

struct TrustedSigner {
  Verifier verifier;
  std::string label;
  WallTime created{};
  bool has_private = false;  // the repository keeps its private key, wrapped
};

struct SignerRequest {
  std::string label;
  WallTime created{};
};

// Exists if that key is a signer already.
Status add_signer(Store& store, const KeyRing& ring, const Verifier& verifier, const SignerRequest& request,
                  const Deadline& deadline);
// The same, and the repository keeps the private key.
Status add_signer(Store& store, const KeyRing& ring, const Signer& signer, const SignerRequest& request,
                  Entropy& entropy, const Deadline& deadline);
// Sorted by creation.
Result<std::vector<TrustedSigner>> load_signers(Store& store, const KeyRing& ring, const Deadline& deadline);
// NotFound if there is no such signer; KeyMissing if its owner keeps its private key.
Result<Signer> load_private_signer(Store& store, const KeyRing& ring, std::string_view key_id,
                                   const Deadline& deadline);

}  // namespace hf
