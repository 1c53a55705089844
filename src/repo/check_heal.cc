// Healing: an object that is damaged or missing in one copy is put back from another, byte by byte what it was.
//
// Whatever comes from the other copy is verified as if it were this one's own, in full, before it replaces anything. A
// damaged object is replaced in one step, so that what is sound in it stays readable until then. What no copy has whole
// is left to the repair behind this (check_repair.cc), which saves what is sound.
#include "crypto/hash.h"
#include "repo/check_parts.h"
#include "repo/copy_points.h"

namespace hf {
namespace {

Result<Bytes> whole_pack_of(Repository& peer, PackKind kind, const PackName& name) {
  Bytes bytes = HF_TRY(get_whole(peer.store(), pack_object_name(kind, name), pack_bytes_max, peer.deadline()));
  HF_TRY(verify_pack(peer.ring(), kind, name, bytes));
  return bytes;
}

Status put_back(CheckState& state, const std::string& object, BytesView bytes) {
  Repository& repository = state.repository;
  HF_TRY(put_right(repository.store(), object, bytes, repository.deadline()).during("put back " + object));
  state.outcome.repaired = true;
  ++state.outcome.healed;
  return {};
}

void tell(CheckState& state, const std::string& object, const std::string& what, const Repository& peer) {
  state.note(object, what + " (put back from copy " + peer.copy() + ")");
}

Result<bool> heal_pack(CheckState& state, const PackName& name, const BrokenPack& pack) {
  for (Repository* peer : state.request.peers) {
    const Result<Bytes> bytes = whole_pack_of(*peer, pack.kind, name);
    if (!bytes.ok()) continue;
    const std::string object = pack_object_name(pack.kind, name);
    HF_TRY(put_back(state, object, bytes.value()));
    tell(state, object, pack.remains.what, *peer);
    state.packs[name] = {.kind = pack.kind, .size = bytes.value().size()};
    state.whole.insert(name);
    return true;
  }
  return false;
}

struct SignedPlace {
  std::string_view prefix;
  SignedKind kind;
};

Result<Bytes> sound_signed(Repository& repository, SignedKind kind, const std::string& object) {
  Bytes bytes = HF_TRY(get_whole(repository.store(), object, small_object_bytes_max, repository.deadline()));
  HF_TRY(open_signed(repository.ring(), repository.signers(), kind, object, bytes));
  return bytes;
}

Status heal_signed_object(CheckState& state, SignedKind kind, const std::string& object) {
  const Result<Bytes> own = sound_signed(state.repository, kind, object);
  if (own.ok() || own.error().code() == Code::NotFound) return {};
  if (is_about_store(own.error())) return own.error().clone();
  for (Repository* peer : state.request.peers) {
    const Result<Bytes> theirs = sound_signed(*peer, kind, object);
    if (!theirs.ok()) continue;
    HF_TRY(put_back(state, object, theirs.value()));
    tell(state, object, own.error().message(), *peer);
    return {};
  }
  return {};
}

}  // namespace

Status heal_signed(CheckState& state) {
  constexpr SignedPlace places[] = {
      {"manifests/", SignedKind::Manifest}, {"heads/", SignedKind::Head}, {"attachments/", SignedKind::Attachment}};
  for (const SignedPlace& place : places) {
    std::vector<std::string> names;
    HF_TRY(state.repository.store().list(
        place.prefix,
        [&](const ObjectInfo& info) -> Status {
          names.push_back(info.name);
          return {};
        },
        state.repository.deadline()));
    for (const std::string& name : names) HF_TRY(heal_signed_object(state, place.kind, name));
  }
  return {};
}

Result<bool> heal_packs(CheckState& state) {
  bool any = false;
  for (auto broken = state.broken.begin(); broken != state.broken.end();) {
    if (state.stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
    const bool healed = HF_TRY(heal_pack(state, broken->first, broken->second));
    any = any || healed;
    broken = healed ? state.broken.erase(broken) : std::next(broken);
  }
  return any;
}

Result<bool> refill_points(CheckState& state, bool chunks) {
  bool any = false;
  for (Repository* peer : state.request.peers) {
    const CopyRequest request{.refill = chunks};
    const Result<CopyOutcome> copied = copy_points(*peer, state.repository, request, state.stop);
    // What is wrong with the other copy is told when that one is checked.
    if (!copied.ok()) {
      if (copied.error().code() == Code::Cancelled) return copied.error().clone();
      state.note("copy " + peer->copy(), "nothing could be brought from there: " + copied.error().message());
      continue;
    }
    const CopyOutcome& outcome = copied.value();
    if (outcome.points + outcome.heads + outcome.packs == 0) continue;
    any = true;
    state.outcome.repaired = true;
    state.outcome.healed += outcome.points + outcome.heads + outcome.packs;
    state.note("copy " + peer->copy(), "brought back from there: " + std::to_string(outcome.points) + " points, " +
                                           std::to_string(outcome.heads) + " heads, " + std::to_string(outcome.packs) +
                                           " packs");
  }
  return any;
}

}  // namespace hf
