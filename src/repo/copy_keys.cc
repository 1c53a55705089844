#include "repo/copy_keys.h"

#include <algorithm>
#include <set>

#include "keys/object_names.h"

namespace hf {
namespace {

constexpr size_t key_object_bytes_max = 64u << 10;

// Whether it authenticates as what its name says.
bool is_authentic(const KeyRing& ring, const std::string& name, BytesView bytes) {
  const std::string last = name.substr(name.find('/') + 1);
  if (name == "config") {
    const Result<ConfigObject> config = decode_config(bytes);
    return config.ok() && config.value().repository == ring.repository() &&
           equal_secret(ring.authenticate(config.value().authenticated).view(), config.value().mac);
  }
  if (name.starts_with("epochs/")) return ring.open_box("epoch " + last, bytes).ok();
  if (name.starts_with("revoked/")) return ring.open_box("revoked " + last, bytes).ok();
  if (name.starts_with("keys/")) {
    const Result<EnvelopeInfo> info = inspect_envelope(bytes);
    return info.ok() && info.value().id == last;
  }
  // A signer's MAC is its last 32 bytes.
  return bytes.size() > 32 && equal_secret(ring.authenticate(bytes.first(bytes.size() - 32)).view(), bytes.last(32));
}

class CopyKeys {
 public:
  CopyKeys(Repository& from, Store& into, bool dry_run)
      : from_(from), ring_(from.ring()), source_(from.store()), into_(into), dry_run_(dry_run) {}

  Result<CopiedKeys> run() {
    HF_TRY(expect_place());
    HF_TRY(find_revoked());
    for (const char* prefix : {"signers/", "epochs/", "keys/", "revoked/"}) HF_TRY(copy_all(prefix));
    HF_TRY(copy("config"));
    HF_TRY(remove_revoked());
    return std::move(copied_);
  }

 private:
  // A place without `config` may be empty, or have been a copy; anything else is somebody else's.
  Status expect_place() {
    if (into_.info("config", from_.deadline()).ok()) return {};
    std::string strange;
    bool has_epoch = false;
    HF_TRY(into_.list(
        "",
        [&](const ObjectInfo& info) -> Status {
          has_epoch = has_epoch || info.name.starts_with("epochs/");
          const bool is_key = info.name.starts_with("keys/") || info.name.starts_with("epochs/") ||
                              info.name.starts_with("signers/") || info.name.starts_with("revoked/");
          if (!is_key) strange = info.name;
          return {};
        },
        from_.deadline()));
    if (strange.empty() || has_epoch) return {};  // whose epochs they are is looked at below
    return Error(Code::Refused,
                 into_.describe() + " is not empty, and is no copy of this repository: there is " + strange)
        .with_hint("name an empty place");
  }

  Status find_revoked() {
    for (const std::string& id : HF_TRY(load_revoked(source_, ring_, from_.deadline()))) revoked_.insert(id);
    for (const std::string& id : HF_TRY(load_revoked(into_, ring_, from_.deadline()))) revoked_.insert(id);
    return {};
  }

  Status copy_all(const std::string& prefix) {
    for (const std::string& part : HF_TRY(names_below(source_, prefix, from_.deadline()))) {
      if (prefix == "keys/" && revoked_.contains(part)) continue;
      HF_TRY(copy(prefix + part));
    }
    return {};
  }

  Status copy(const std::string& name) {
    const Bytes bytes = HF_TRY(get_whole(source_, name, key_object_bytes_max, from_.deadline()));
    const bool is_sound = is_authentic(ring_, name, bytes);
    if (HF_TRY(has_same(name, bytes, is_sound))) return {};
    // A damaged envelope opens nothing: the copy is better off without it.
    if (!is_sound && name.starts_with("keys/")) return {};
    if (!is_sound)
      return Error(Code::Corrupt, name + " was not written by a holder of the repository's key: it was not copied");
    copied_.added.push_back(name);
    if (dry_run_) return {};
    Status put = into_.put(name, bytes, Durable::Now, from_.deadline());
    if (!put.ok() && put.error().code() == Code::Exists) return {};
    return std::move(put).during("copy " + name);
  }

  // Of one number two epochs cannot be told apart by their packs: they must never be mixed.
  Result<bool> has_same(const std::string& name, BytesView bytes, bool is_sound) {
    const Result<Bytes> there = get_whole(into_, name, key_object_bytes_max, from_.deadline());
    if (!there.ok() && there.error().code() == Code::NotFound) return false;
    if (!there.ok() && there.error().code() != Code::Corrupt) return there.error().clone();
    if (!there.ok() || !equal(there.value(), bytes)) {
      // Labels of signers may differ, and `revoked/` is as good as any other of its name; damaged envelopes are
      // check's.
      if (is_sound && (name.starts_with("epochs/") || name == "config"))
        return Error(Code::Corrupt, name + " is another one in " + into_.describe() + ": nothing was overwritten")
            .with_hint("holdfast check says which of them is damaged, and with --repair puts it right");
    }
    return true;
  }

  Status remove_revoked() {
    for (const std::string& id : HF_TRY(names_below(into_, "keys/", from_.deadline()))) {
      if (!revoked_.contains(id)) continue;
      copied_.revoked.push_back(id);
      if (!dry_run_) HF_TRY(remove_envelope(into_, id, from_.env().entropy, from_.deadline()));
    }
    return {};
  }

  Repository& from_;
  const KeyRing& ring_;
  Store& source_;
  Store& into_;
  const bool dry_run_;
  std::set<std::string> revoked_;
  CopiedKeys copied_;
};

}  // namespace

Result<std::vector<std::string>> mend_keys(Repository& from, Store& into) {
  std::vector<std::string> names, mended;
  for (const std::string prefix : {"signers/", "epochs/", "revoked/"})
    for (const std::string& part : HF_TRY(names_below(from.store(), prefix, from.deadline())))
      names.push_back(prefix + part);
  names.push_back("config");
  for (const std::string& name : names) {
    const Result<Bytes> there = get_whole(into, name, key_object_bytes_max, from.deadline());
    if (!there.ok() && there.error().code() != Code::NotFound && there.error().code() != Code::Corrupt)
      return there.error().clone();
    if (there.ok() && is_authentic(from.ring(), name, there.value())) continue;
    const Bytes bytes = HF_TRY(get_whole(from.store(), name, key_object_bytes_max, from.deadline()));
    if (!is_authentic(from.ring(), name, bytes)) continue;
    HF_TRY(put_right(into, name, bytes, from.deadline()).during("put back " + name));
    mended.push_back(name);
  }
  return mended;
}

Result<CopiedKeys> copy_keys(Repository& from, Store& into, bool dry_run) {
  return CopyKeys(from, into, dry_run).run();
}

}  // namespace hf
