#include "keys/envelope.h"

#include <algorithm>

#include "keys/envelope_format.h"

namespace hf {
namespace {

std::string_view kind_name(EnvelopeKind kind) {
  switch (kind) {
    case EnvelopeKind::Phrase:
      return "passphrase";
    case EnvelopeKind::KeyFile:
      return "key-file";
    case EnvelopeKind::X25519:
      return "x25519";
  }
  HF_ASSERT(kind == EnvelopeKind::Phrase);  // parse_envelope lets no other kind pass
  return {};
}

}  // namespace

Result<EnvelopeInfo> inspect_envelope(BytesView object) {
  const ParsedEnvelope envelope = HF_TRY(parse_envelope(object));
  EnvelopeInfo info;
  info.id = to_hex(blake3(object)).substr(0, 16);
  info.kind = kind_name(envelope.fields.kind);
  info.label = envelope.fields.label;
  info.created = envelope.fields.created;
  info.expires = envelope.fields.expires;
  info.recipient = to_hex(envelope.fields.recipient);
  return info;
}

Result<Opened> open_any(const std::vector<KeyKind>& kinds, const std::vector<Bytes>& objects,
                        const Credentials& credentials) {
  size_t damaged = 0, tried = 0;
  for (const Bytes& object : objects) {
    // A damaged envelope must not keep a sound one from opening the repository.
    Result<EnvelopeInfo> info = inspect_envelope(object);
    if (!info.ok()) {
      ++damaged;
      continue;
    }
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const KeyKind& k) {
      return k.name == info.value().kind && k.accepts(credentials);
    });
    if (kind == kinds.end()) continue;
    ++tried;
    Result<RootKey> root = kind->unwrap(object, credentials);
    if (root.ok()) return Opened{std::move(root).value(), std::move(info).value()};
    const Code code = root.error().code();
    if (code != Code::KeyMissing && code != Code::Corrupt) return std::move(root).error();
    if (code == Code::Corrupt) ++damaged;
  }
  if (!objects.empty() && damaged == objects.size()) {
    return Error(Code::Corrupt, "every key envelope of the repository is damaged")
        .with_hint("copy keys/ back from another copy of the repository");
  }
  const std::string what =
      tried == 0 ? "no key of the repository is of the kind given"
                 : "the key given opens none of the repository's " + std::to_string(tried) + " envelopes of its kind";
  return Error(Code::KeyMissing, what).with_hint("`holdfast key list` shows which keys open this repository");
}

}  // namespace hf
