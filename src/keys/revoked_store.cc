#include "keys/key_store.h"
#include "keys/object_names.h"

namespace hf {
namespace {

constexpr std::string_view revoked_prefix = "revoked/";
constexpr size_t revoked_object_bytes_max = 1024;

std::string purpose_of(std::string_view id) {
  return "revoked " + std::string(id);
}

}  // namespace

Status record_revoked(Store& store, const KeyRing& ring, std::string_view id, Entropy& entropy,
                      const Deadline& deadline) {
  const std::string name = std::string(revoked_prefix) + std::string(id);
  Status put = store.put(name, ring.seal_box(purpose_of(id), {}, entropy), Durable::Now, deadline);
  if (!put.ok() && put.error().code() == Code::Exists) return {};
  return std::move(put).during("record that key " + std::string(id) + " is revoked");
}

Result<std::vector<std::string>> load_revoked(Store& store, const KeyRing& ring, const Deadline& deadline) {
  std::vector<std::string> ids = HF_TRY(names_below(store, revoked_prefix, deadline));
  for (const std::string& id : ids) {
    const std::string name = std::string(revoked_prefix) + id;
    const Bytes box = HF_TRY(get_whole(store, name, revoked_object_bytes_max, deadline).during("load " + name));
    HF_TRY(ring.open_box(purpose_of(id), box).during("load " + name));
  }
  return ids;
}

}  // namespace hf
