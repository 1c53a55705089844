// The KeyKind of machines: a file of random bytes, at least as many as a key has. Nobody guesses it, so it is not
// stretched.
#include "base/entropy.h"
#include "crypto/wipe.h"
#include "keys/envelope_format.h"

namespace hf {
namespace {

constexpr size_t key_file_bytes_min = 32;

DataKey kek_of(const Passphrase& file, BytesView salt) {
  return derive_kek(reveal_bytes(file, Purpose::DeriveKey), salt, "holdfast key file 1");
}

Result<Bytes> wrap(const RootKey& root, const Credentials& credentials, const EnvelopeRequest& request,
                   Entropy& entropy) {
  HF_ASSERT(credentials.key_file.has_value());
  if (credentials.key_file->size() < key_file_bytes_min) {
    return Error(Code::Invalid, "key file holds fewer than 32 bytes")
        .with_hint("make one: openssl rand -out key.bin 32");
  }
  EnvelopeFields fields = HF_TRY(fields_of(EnvelopeKind::KeyFile, request));
  fields.salt = entropy.bytes(key_file_salt_bytes);
  return seal_envelope(fields, kek_of(*credentials.key_file, fields.salt), root);
}

Result<RootKey> unwrap(BytesView object, const Credentials& credentials) {
  const ParsedEnvelope envelope = HF_TRY(parse_envelope(object));
  if (envelope.fields.kind != EnvelopeKind::KeyFile || !credentials.key_file ||
      credentials.key_file->size() < key_file_bytes_min) {
    return Error(Code::KeyMissing, "envelope is not opened by this key file");
  }
  return unseal_envelope(envelope, kek_of(*credentials.key_file, envelope.fields.salt));
}

}  // namespace

KeyKind file_key_kind() {
  return KeyKind{"key-file", "a file of at least 32 random bytes",
                 [](const Credentials& credentials) { return credentials.key_file.has_value(); }, wrap, unwrap};
}

}  // namespace hf
