// The KeyKind of an identity kept elsewhere: anybody with the recipient's public key can wrap, only its owner unwraps.
#include "base/entropy.h"
#include "crypto/agreement.h"
#include "crypto/wipe.h"
#include "keys/envelope_format.h"

namespace hf {
namespace {

DataKey kek_of(const DataKey& shared, BytesView ephemeral, BytesView recipient) {
  Bytes salt = to_bytes(ephemeral);
  append(salt, recipient);
  return derive_kek(reveal_bytes(shared, Purpose::DeriveKey), salt, "holdfast x25519 1");
}

Result<Bytes> recipient_of(const Credentials& credentials) {
  if (credentials.recipient_pem) return x25519_public_from_pem(*credentials.recipient_pem);
  return HF_TRY(x25519_pair_from_pem(*credentials.identity_pem)).public_key;
}

bool accepts(const Credentials& credentials) {
  return credentials.identity_pem.has_value() || credentials.recipient_pem.has_value();
}

Result<Bytes> wrap(const RootKey& root, const Credentials& credentials, const EnvelopeRequest& request,
                   Entropy& entropy) {
  HF_ASSERT(accepts(credentials));
  EnvelopeFields fields = HF_TRY(fields_of(EnvelopeKind::X25519, request));
  fields.recipient = HF_TRY(recipient_of(credentials));
  const X25519Pair ephemeral = x25519_generate(entropy);
  fields.ephemeral = ephemeral.public_key;
  const DataKey shared = HF_TRY(x25519_shared(ephemeral.private_key, fields.recipient).during("wrap root key"));
  return seal_envelope(fields, kek_of(shared, fields.ephemeral, fields.recipient), root);
}

Result<RootKey> unwrap(BytesView object, const Credentials& credentials) {
  const ParsedEnvelope envelope = HF_TRY(parse_envelope(object));
  const EnvelopeFields& fields = envelope.fields;
  if (fields.kind != EnvelopeKind::X25519 || !credentials.identity_pem) {
    return Error(Code::KeyMissing, "envelope is not opened by an X25519 identity");
  }
  const X25519Pair identity = HF_TRY(x25519_pair_from_pem(*credentials.identity_pem));
  if (!equal(identity.public_key, fields.recipient)) {
    return Error(Code::KeyMissing, "envelope is for another X25519 recipient");
  }
  const DataKey shared = HF_TRY(x25519_shared(identity.private_key, fields.ephemeral).during("unwrap root key"));
  return unseal_envelope(envelope, kek_of(shared, fields.ephemeral, fields.recipient));
}

}  // namespace

KeyKind x25519_key_kind() {
  return KeyKind{"x25519", "an X25519 recipient; its identity file opens", accepts, wrap, unwrap};
}

}  // namespace hf
