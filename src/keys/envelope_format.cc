#include "keys/envelope_format.h"

#include <repository.pb.h>

#include "base/message.h"
#include "crypto/aead.h"
#include "crypto/wipe.h"
#include "keys/label.h"

namespace hf {
namespace {

constexpr std::string_view magic = "HFKY";
constexpr uint16_t version = 1;
constexpr size_t prefix_bytes = 4 + 2 + 4;
constexpr size_t sealed_bytes = 32 + aead_tag_bytes;
// Beyond these an envelope is an attack on the machine that opens it; below, argon2id is not defined.
constexpr uint32_t memory_kib_min = 8, memory_kib_max = 1 << 20, passes_max = 64;

Error damaged(std::string_view why) {
  return Error(Code::Corrupt, "key envelope " + std::string(why));
}

int64_t nanoseconds(WallTime time) {
  return time.time_since_epoch().count();
}

// The costs and sizes that each kind may have.
bool is_possible(const proto::Envelope& message) {
  const size_t salt = message.salt().size();
  const bool has_costs = message.memory_kib() != 0 || message.passes() != 0;
  const bool has_keys = !message.ephemeral().empty() || !message.recipient().empty();
  switch (message.kind()) {
    case proto::Envelope::PASSPHRASE:
      return salt == passphrase_salt_bytes && !has_keys && message.memory_kib() >= memory_kib_min &&
             message.memory_kib() <= memory_kib_max && message.passes() >= 1 && message.passes() <= passes_max;
    case proto::Envelope::KEY_FILE:
      return salt == key_file_salt_bytes && !has_costs && !has_keys;
    case proto::Envelope::X25519:
      return salt == 0 && !has_costs && message.ephemeral().size() == 32 && message.recipient().size() == 32;
    default:
      return false;
  }
}

EnvelopeFields to_fields(const proto::Envelope& message, const RepositoryId& repository) {
  EnvelopeFields fields;
  fields.kind = static_cast<EnvelopeKind>(message.kind());
  fields.repository = repository;
  fields.created = WallTime(Duration(message.created_ns()));
  fields.expires = WallTime(Duration(message.expires_ns()));
  fields.label = message.label();
  fields.salt = to_bytes(message.salt());
  fields.memory_kib = message.memory_kib();
  fields.passes = message.passes();
  fields.ephemeral = to_bytes(message.ephemeral());
  fields.recipient = to_bytes(message.recipient());
  return fields;
}

proto::Envelope to_message(const EnvelopeFields& fields) {
  proto::Envelope message;
  message.set_kind(static_cast<proto::Envelope::Kind>(fields.kind));
  message.set_repository_id(to_text(fields.repository.view()));
  message.set_created_ns(nanoseconds(fields.created));
  message.set_expires_ns(nanoseconds(fields.expires));
  message.set_label(fields.label);
  message.set_salt(to_text(fields.salt));
  message.set_memory_kib(fields.memory_kib);
  message.set_passes(fields.passes);
  message.set_ephemeral(to_text(fields.ephemeral));
  message.set_recipient(to_text(fields.recipient));
  return message;
}

}  // namespace

Result<ParsedEnvelope> parse_envelope(BytesView object) {
  if (object.size() > envelope_bytes_max) return damaged("is too large");
  if (object.size() < prefix_bytes + sealed_bytes) return damaged("is cut short");
  if (as_text(object.first(magic.size())) != magic) return damaged("does not begin as one");
  if (load_le<uint16_t>(object.data() + 4) != version) return damaged("is of another version");
  if (load_le<uint32_t>(object.data() + 6) != object.size() - prefix_bytes - sealed_bytes) {
    return damaged("is not of the length it states");
  }
  const BytesView bound = object.first(object.size() - sealed_bytes);
  const auto message = HF_TRY(decode_message<proto::Envelope>(bound.subspan(prefix_bytes), "key envelope"));
  const std::optional<RepositoryId> repository = RepositoryId::from(as_bytes(message.repository_id()));
  if (!repository || !is_possible(message)) return damaged("holds what no envelope can");
  return ParsedEnvelope{to_fields(message, *repository), bound, object.last(sealed_bytes)};
}

Result<EnvelopeFields> fields_of(EnvelopeKind kind, const EnvelopeRequest& request) {
  if (!is_plain_label(request.label)) {
    return Error(Code::Invalid, "label of a key must be at most 1024 bytes of UTF-8 without control characters");
  }
  EnvelopeFields fields;
  fields.kind = kind;
  fields.repository = request.repository;
  fields.created = request.created;
  fields.expires = request.expires;
  fields.label = request.label;
  return fields;
}

Bytes seal_envelope(const EnvelopeFields& fields, const DataKey& kek, const RootKey& root) {
  const Bytes message = encode_message(to_message(fields));
  Bytes object = to_bytes(magic);
  append_le(object, version);
  append_le(object, static_cast<uint32_t>(message.size()));
  append(object, message);
  const Bytes bound = object;
  Aead(reveal_bytes(kek, Purpose::DeriveKey)).seal(Nonce{}, bound, reveal_bytes(root, Purpose::DeriveKey), object);
  return object;
}

Result<RootKey> unseal_envelope(const ParsedEnvelope& envelope, const DataKey& kek) {
  Aead aead(reveal_bytes(kek, Purpose::Decrypt));
  Result<Bytes> root = aead.open(Nonce{}, envelope.bound, envelope.sealed);
  if (!root.ok()) return Error(Code::KeyMissing, "this key does not open the envelope");
  return Wiped(std::move(root).value()).to_secret<RootKey>();
}

DataKey derive_kek(BytesView secret, BytesView salt, std::string_view info) {
  return Wiped(hkdf(secret, salt, info, 32)).to_secret<DataKey>();
}

}  // namespace hf
