// The `config` object: what makes a store a repository (docs/FORMAT.md, "Config").
#include "base/message.h"
#include "repo/format.h"
#include "repo/repository.h"
#include "repository.pb.h"

namespace hf {
namespace {

constexpr size_t head_bytes = 12, mac_bytes = 32;

Bytes with_head(const Bytes& message) {
  Bytes out;
  append(out, as_bytes("HFCF"));
  append_le<uint16_t>(out, format_major);
  append_le<uint16_t>(out, format_minor);
  append_le<uint32_t>(out, static_cast<uint32_t>(message.size()));
  append(out, message);
  return out;
}

}  // namespace

Result<ConfigObject> decode_config(BytesView object) {
  if (object.size() < head_bytes + mac_bytes || as_text(object.first(4)) != "HFCF")
    return Error(Code::Corrupt, "the object 'config' is not a repository's");
  const uint16_t major = load_le<uint16_t>(object.data() + 4);
  if (major > format_major)
    return Error(Code::Unsupported, "the repository has format " + std::to_string(major) +
                                        "; this holdfast knows up to " + std::to_string(format_major) +
                                        ". Nothing was written")
        .with_hint("use a newer holdfast");
  const uint32_t length = load_le<uint32_t>(object.data() + 8);
  if (major != format_major || length != object.size() - head_bytes - mac_bytes)
    return Error(Code::Corrupt, "the object 'config' is damaged");
  const auto message = HF_TRY(decode_message<proto::Config>(object.subspan(head_bytes, length), "the object 'config'"));
  for (const std::string& feature : message.required())
    return Error(Code::Unsupported, "the repository needs the feature '" + feature +
                                        "', which this holdfast does not know. Nothing was written")
        .with_hint("use a newer holdfast");
  if (load_le<uint16_t>(object.data() + 6) <= format_minor && message.optional_size() > 0)
    return Error(Code::Corrupt, "the object 'config' names features that its version does not have");
  const std::optional<RepositoryId> id = RepositoryId::from(as_bytes(message.repository_id()));
  if (!id) return Error(Code::Corrupt, "the object 'config' has no repository id");
  return ConfigObject{.repository = *id,
                      .created = WallTime(Duration(message.created_ns())),
                      .authenticated = object.first(head_bytes + length),
                      .mac = object.last(mac_bytes)};
}

Bytes encode_config(const KeyRing& ring, WallTime created) {
  proto::Config message;
  message.set_repository_id(ring.repository().bytes.data(), RepositoryId::size);
  message.set_created_ns(created.time_since_epoch().count());
  Bytes out = with_head(encode_message(message));
  append(out, ring.authenticate(out).view());
  return out;
}

}  // namespace hf
