// The KeyKind of people: a passphrase, made expensive to guess.
//
// Cost: 64 MiB, 3 passes, one lane, is 3 × 64 MiB written and read by BLAKE2b rounds; at about 2.1 GiB/s on one core
// that is 0.09 s. A guesser pays the same 64 MiB and 0.09 s for each guess: 2^40 guesses are 3 100 core-years.
// OWASP's minimum is 19 MiB and 2 passes; RFC 9106 recommends 64 MiB and 3 passes where 2 GiB cannot be had.
#include "base/entropy.h"
#include "crypto/agreement.h"
#include "keys/envelope_format.h"

namespace hf {
namespace {

constexpr uint32_t argon2_memory_kib = 64 << 10;
constexpr uint32_t argon2_passes = 3;
static_assert(argon2_memory_kib >= 19456);
static_assert(argon2_passes >= 2);

Result<Bytes> wrap(const RootKey& root, const Credentials& credentials, const EnvelopeRequest& request,
                   Entropy& entropy) {
  HF_ASSERT(credentials.passphrase.has_value());
  if (credentials.passphrase->size() == 0) return Error(Code::Invalid, "passphrase is empty");
  EnvelopeFields fields = HF_TRY(fields_of(EnvelopeKind::Phrase, request));
  fields.salt = entropy.bytes(passphrase_salt_bytes);
  fields.memory_kib = argon2_memory_kib;
  fields.passes = argon2_passes;
  const DataKey kek =
      HF_TRY(argon2id(*credentials.passphrase, fields.salt, fields.memory_kib, fields.passes).during("wrap root key"));
  return seal_envelope(fields, kek, root);
}

Result<RootKey> unwrap(BytesView object, const Credentials& credentials) {
  const ParsedEnvelope envelope = HF_TRY(parse_envelope(object));
  const EnvelopeFields& fields = envelope.fields;
  if (fields.kind != EnvelopeKind::Phrase || !credentials.passphrase) {
    return Error(Code::KeyMissing, "envelope is not opened by a passphrase");
  }
  const DataKey kek = HF_TRY(
      argon2id(*credentials.passphrase, fields.salt, fields.memory_kib, fields.passes).during("unwrap root key"));
  return unseal_envelope(envelope, kek);
}

}  // namespace

KeyKind passphrase_key_kind() {
  return KeyKind{"passphrase", "a passphrase, stretched by argon2id",
                 [](const Credentials& credentials) { return credentials.passphrase.has_value(); }, wrap, unwrap};
}

}  // namespace hf
