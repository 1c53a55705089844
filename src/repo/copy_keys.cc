#include "repo/copy_keys.h"

#include <algorithm>
#include <set>

#include "keys/object_names.h"

namespace hf {
namespace {

constexpr size_t key_object_bytes_max = 64u << 10;

class CopyKeys {
 public:
  CopyKeys(Repository& from, Store& into, bool dry_run)
      : from_(from), ring_(from.ring()), source_(from.store()), into_(into), dry_run_(dry_run) {}

  Result<CopiedKeys> run() {
    HF_TRY(expect_place());
    HF_TRY(find_revoked());
    // Authentic here, because the repository is open; but read again, so each is looked at as it is copied.
    HF_TRY(load_signers(source_, ring_, from_.deadline()));
    HF_TRY(copy_all("signers/", {}));
    HF_TRY(copy_all("epochs/", box_of("epoch ")));
    HF_TRY(copy_all("keys/", is_envelope));
    HF_TRY(copy_all("revoked/", box_of("revoked ")));
    HF_TRY(copy_config());
    HF_TRY(remove_revoked());
    return std::move(copied_);
  }

 private:
  using Judge = std::function<Status(const std::string& name, BytesView bytes)>;

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

  Judge box_of(std::string_view purpose) const {
    return [this, purpose](const std::string& name, BytesView bytes) -> Status {
      HF_TRY(ring_.open_box(std::string(purpose) + name.substr(name.find('/') + 1), bytes));
      return {};
    };
  }

  static Status is_envelope(const std::string& name, BytesView bytes) {
    const EnvelopeInfo info = HF_TRY(inspect_envelope(bytes));
    if ("keys/" + info.id != name) return Error(Code::Corrupt, "it is another key than its name says");
    return {};
  }

  Status find_revoked() {
    for (const std::string& id : HF_TRY(load_revoked(source_, ring_, from_.deadline()))) revoked_.insert(id);
    for (const std::string& id : HF_TRY(load_revoked(into_, ring_, from_.deadline()))) revoked_.insert(id);
    return {};
  }

  Status copy_all(const std::string& prefix, const Judge& judge) {
    for (const std::string& part : HF_TRY(names_below(source_, prefix, from_.deadline()))) {
      if (prefix == "keys/" && revoked_.contains(part)) continue;
      HF_TRY(copy(prefix + part, judge));
    }
    return {};
  }

  Status copy(const std::string& name, const Judge& judge) {
    const Bytes bytes = HF_TRY(get_whole(source_, name, key_object_bytes_max, from_.deadline()));
    const Status sound = judge ? judge(name, bytes) : Status();
    const bool is_there = HF_TRY(has_same(name, bytes, sound.ok()));
    if (is_there) return {};
    // A damaged envelope opens nothing: the copy is better off without it.
    if (!sound.ok() && name.starts_with("keys/")) return {};
    if (!sound.ok()) return sound.error().clone().during(name);
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

  Status copy_config() {
    return copy("config", [&](const std::string&, BytesView bytes) -> Status {
      const ConfigObject config = HF_TRY(decode_config(bytes));
      if (config.repository == ring_.repository() &&
          equal_secret(ring_.authenticate(config.authenticated).view(), config.mac))
        return {};
      return Error(Code::Corrupt, "it does not belong to this repository's keys");
    });
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

Result<CopiedKeys> copy_keys(Repository& from, Store& into, bool dry_run) {
  return CopyKeys(from, into, dry_run).run();
}

}  // namespace hf
