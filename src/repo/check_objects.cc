// The small objects of a repository, each opened as its reader would.
#include <algorithm>
#include <array>

#include "repo/check_parts.h"

namespace hf {
namespace {

constexpr std::array known_directories = {"attachments", "canary",   "checkpoints", "config", "epochs",    "gc",
                                          "heads",       "index",    "keys",        "meta",   "manifests", "packs",
                                          "revoked",     "revoking", "sessions",    "signers"};
constexpr size_t key_object_bytes_max = 64u << 10;

Result<std::vector<std::string>> names_of(CheckState& state, const std::string& prefix) {
  std::vector<std::string> names;
  HF_TRY(state.repository.store().list(
      prefix,
      [&](const ObjectInfo& info) -> Status {
        names.push_back(info.name);
        return {};
      },
      state.repository.deadline()));
  return names;
}

// False, and a finding, if `status` says that `object` is not what it should be.
Result<bool> judge(CheckState& state, const std::string& object, const Status& status, const std::string& hint = "") {
  if (status.ok()) return true;
  if (is_about_store(status.error())) return status.error().clone();
  state.damage(object, status.error().message(), hint);
  return false;
}

Status open_config(Repository& repository) {
  const Bytes bytes = HF_TRY(get_whole(repository.store(), "config", key_object_bytes_max, repository.deadline()));
  const ConfigObject config = HF_TRY(decode_config(bytes));
  if (config.repository == repository.ring().repository() &&
      equal_secret(repository.ring().authenticate(config.authenticated).view(), config.mac))
    return {};
  return Error(Code::Corrupt, "the object 'config' does not belong to this repository's keys");
}

Status open_epoch(Repository& repository, const std::string& name) {
  const Bytes box = HF_TRY(get_whole(repository.store(), name, key_object_bytes_max, repository.deadline()));
  HF_TRY(repository.ring().open_box("epoch " + name.substr(name.find('/') + 1), box));
  return {};
}

Status open_any_signed(Repository& repository, SignedKind kind, const std::string& name) {
  const Bytes bytes = HF_TRY(get_whole(repository.store(), name, small_object_bytes_max, repository.deadline()));
  const SignedBody body = HF_TRY(open_signed(repository.ring(), repository.signers(), kind, name, bytes));
  switch (kind) {
    case SignedKind::Checkpoint:
      HF_TRY(decode_manifest(body.body));
      break;
    case SignedKind::Condemned:
      HF_TRY(decode_condemned(body.body));
      break;
    case SignedKind::Swept:
      HF_TRY(decode_swept(body.body));
      break;
    case SignedKind::Attachment:
      HF_TRY(decode_proof(body.body));
      break;
    default:
      break;
  }
  return {};
}

Status check_keys(CheckState& state) {
  Repository& repository = state.repository;
  const std::string other_copy = "put it back from another copy of the repository";
  HF_TRY(judge(state, "config", open_config(repository), other_copy));
  for (const EnvelopeInfo& envelope : HF_TRY(list_envelopes(repository.store(), repository.deadline())))
    if (envelope.kind == envelope_kind_damaged)
      state.damage("keys/" + envelope.id, "this key does not open the repository any more",
                   "holdfast key add makes another");
  for (const std::string& name : HF_TRY(names_of(state, "epochs/")))
    HF_TRY(judge(state, name, open_epoch(repository, name), other_copy));
  const Result<std::vector<TrustedSigner>> signers =
      load_signers(repository.store(), repository.ring(), repository.deadline());
  if (!signers.ok()) HF_TRY(judge(state, "signers/", signers.error().clone(), other_copy));
  return {};
}

Status check_signed(CheckState& state) {
  Repository& repository = state.repository;
  bool is_gc_whole = true;
  for (const std::string& name : HF_TRY(names_of(state, "gc/"))) {
    const SignedKind kind = name.ends_with(".swept") ? SignedKind::Swept : SignedKind::Condemned;
    is_gc_whole = HF_TRY(judge(state, name, open_any_signed(repository, kind, name),
                               "put it back from another copy of the repository")) &&
                  is_gc_whole;
  }
  // Without all of them it is not known which points were forgotten on purpose.
  if (is_gc_whole) state.gc = HF_TRY(read_gc_records(repository));
  for (const std::string& name : HF_TRY(names_of(state, "attachments/")))
    HF_TRY(judge(state, name, open_any_signed(repository, SignedKind::Attachment, name),
                 "holdfast verify makes a new proof"));
  for (const std::string& name : HF_TRY(names_of(state, "checkpoints/")))
    HF_TRY(judge(state, name, open_any_signed(repository, SignedKind::Checkpoint, name),
                 "it only saves work of an unfinished backup; prune removes it after a week"));
  return {};
}

}  // namespace

Status check_objects(CheckState& state) {
  for (const std::string& name : HF_TRY(names_of(state, ""))) {
    ++state.outcome.objects;
    const std::string directory = name.substr(0, name.find('/'));
    if (std::find(known_directories.begin(), known_directories.end(), directory) == known_directories.end())
      state.note(name, "is no part of a repository");
  }
  HF_TRY(check_keys(state));
  return check_signed(state);
}

}  // namespace hf
