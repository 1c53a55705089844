#include <algorithm>
#include <set>

#include "crypto/hash.h"
#include "keys/key_store.h"
#include "keys/object_names.h"

namespace hf {
namespace {

constexpr std::string_view keys_prefix = "keys/";
constexpr std::string_view revoking_prefix = "revoking/";
constexpr size_t intent_bytes = 8;

std::string id_of(BytesView object) {
  return to_hex(blake3(object)).substr(0, 16);
}

struct NamedEnvelope {
  std::string id;  // of its name
  Bytes object;
};

Result<std::vector<NamedEnvelope>> load_named(Store& store, const Deadline& deadline) {
  std::vector<NamedEnvelope> envelopes;
  for (const std::string& id : HF_TRY(names_below(store, keys_prefix, deadline))) {
    Result<Bytes> object = get_whole(store, std::string(keys_prefix) + id, envelope_bytes_max, deadline);
    // Removed since it was listed: not an error. Too large: damaged, which inspecting says of no bytes as well.
    if (!object.ok() && object.error().code() == Code::NotFound) continue;
    if (!object.ok() && object.error().code() == Code::Corrupt) object = Bytes{};
    Bytes bytes = HF_TRY(std::move(object).during("load key " + id));
    envelopes.push_back({id, std::move(bytes)});
  }
  return envelopes;
}

EnvelopeInfo describe(const NamedEnvelope& envelope) {
  Result<EnvelopeInfo> info = inspect_envelope(envelope.object);
  if (info.ok() && info.value().id == envelope.id) return std::move(info).value();
  EnvelopeInfo damaged;
  damaged.id = envelope.id;
  damaged.kind = envelope_kind_damaged;
  return damaged;
}

bool leaves_one(const std::vector<EnvelopeInfo>& infos, const std::set<std::string>& going) {
  return std::any_of(infos.begin(), infos.end(), [&](const EnvelopeInfo& info) {
    return info.kind != envelope_kind_damaged && !going.contains(info.id);
  });
}

// revoking/<id>-<anything>
Result<std::set<std::string>> ids_going(Store& store, const Deadline& deadline) {
  std::set<std::string> ids;
  for (const std::string& name : HF_TRY(names_below(store, revoking_prefix, deadline)))
    ids.insert(name.substr(0, name.find('-')));
  return ids;
}

// Of a key that is gone, those of interrupted attempts included.
Status forget_intents(Store& store, std::string_view id, const Deadline& deadline) {
  for (const std::string& name : HF_TRY(names_below(store, revoking_prefix, deadline)))
    if (name.starts_with(std::string(id) + "-")) HF_TRY(store.remove(std::string(revoking_prefix) + name, deadline));
  return {};
}

}  // namespace

Result<std::vector<EnvelopeInfo>> list_envelopes(Store& store, const Deadline& deadline) {
  const std::vector<NamedEnvelope> envelopes = HF_TRY(load_named(store, deadline));
  std::vector<EnvelopeInfo> infos;
  std::transform(envelopes.begin(), envelopes.end(), std::back_inserter(infos), describe);
  std::sort(infos.begin(), infos.end(), [](const EnvelopeInfo& a, const EnvelopeInfo& b) {
    return std::tie(a.created, a.id) < std::tie(b.created, b.id);
  });
  return infos;
}

Result<std::vector<Bytes>> load_envelopes(Store& store, const Deadline& deadline) {
  std::vector<NamedEnvelope> envelopes = HF_TRY(load_named(store, deadline));
  std::vector<Bytes> objects;
  for (NamedEnvelope& envelope : envelopes) objects.push_back(std::move(envelope.object));
  return objects;
}

Result<std::string> add_envelope(Store& store, BytesView object, const Deadline& deadline) {
  HF_TRY(inspect_envelope(object));
  const std::string id = id_of(object);
  Status put = store.put(std::string(keys_prefix) + id, object, Durable::Now, deadline);
  // The name is the hash of the bytes: what exists there is this envelope.
  if (!put.ok() && put.error().code() != Code::Exists) return std::move(put).error().during("add key " + id);
  return id;
}

Status remove_envelope(Store& store, std::string_view id, Entropy& entropy, const Deadline& deadline) {
  const std::vector<EnvelopeInfo> infos = HF_TRY(list_envelopes(store, deadline));
  const bool is_there = std::any_of(infos.begin(), infos.end(), [&](const EnvelopeInfo& i) { return i.id == id; });
  if (!is_there) {
    return Error(Code::NotFound, "repository has no key of that id").with_hint("`holdfast key list` shows all keys");
  }
  if (!leaves_one(infos, {std::string(id)})) {
    return Error(Code::Refused, "key " + std::string(id) + " is the last that opens the repository")
        .with_hint("add another first: `holdfast key add`");
  }
  // Two that remove at once cannot both look before the other has said so: whoever speaks last sees the other.
  const std::string intent = std::string(revoking_prefix) + std::string(id) + "-" + to_hex(entropy.bytes(intent_bytes));
  HF_TRY(store.put(intent, {}, Durable::Now, deadline).during("announce that key " + std::string(id) + " goes"));
  const std::set<std::string> going = HF_TRY(ids_going(store, deadline));  // before the keys: those go first
  const std::vector<EnvelopeInfo> now = HF_TRY(list_envelopes(store, deadline));
  if (!leaves_one(now, going)) {
    HF_TRY(store.remove(intent, deadline));
    return Error(Code::Held,
                 "every other key that opens the repository is being revoked, or its revocation was cut off")
        .with_hint("`holdfast key list` shows what is left; revoke those first that are to go, or add another key");
  }
  HF_TRY(store.remove(std::string(keys_prefix) + std::string(id), deadline).during("remove key " + std::string(id)));
  return forget_intents(store, id, deadline);
}

}  // namespace hf
