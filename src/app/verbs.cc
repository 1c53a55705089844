#include "app/verbs.h"

#include <algorithm>

namespace hf {
namespace {

std::vector<Verb> make_verbs() {
  std::vector<Verb> all;
  all.push_back(init_verb());
  all.push_back(backup_verb());
  all.push_back(restore_verb());
  all.push_back(list_verb());
  all.push_back(show_verb());
  all.push_back(ls_verb());
  all.push_back(find_verb_of_files());
  all.push_back(diff_verb());
  all.push_back(cat_verb());
  all.push_back(verify_verb());
  all.push_back(export_verb());
  all.push_back(import_verb());
  all.push_back(check_verb());
  all.push_back(prune_verb());
  all.push_back(policy_simulate_verb());
  for (Verb& verb : key_verbs()) all.push_back(std::move(verb));
  for (Verb& verb : key_change_verbs()) all.push_back(std::move(verb));
  all.push_back(key_trust_verb());
  for (Verb& verb : target_verbs()) all.push_back(std::move(verb));
  all.push_back(target_sync_verb());
  for (Verb& verb : config_verbs()) all.push_back(std::move(verb));
  all.push_back(doctor_verb());
  all.push_back(completion_verb());
  all.push_back(man_verb());
  all.push_back(version_verb());
  all.push_back(complete_verb());
  return all;
}

}  // namespace

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = make_verbs();
  return all;
}

const std::vector<OptionSpec>& global_options() {
  static const std::vector<OptionSpec> all = {
      {"config", "c", "FILE", "configuration; else $HOLDFAST_CONFIG, ./holdfast.yaml, /etc/holdfast/holdfast.yaml"},
      {"repo", "", "PATH",
       "the repository, without a configuration: a directory or s3://BUCKET/PREFIX; else $HOLDFAST_REPO"},
      {"target", "", "NAME", "of the configuration's targets only this one"},
      {"passphrase-file", "", "FILE", "opens the repository; - is standard input; else $HOLDFAST_PASSPHRASE_FILE"},
      {"key-file", "", "FILE", "opens the repository: a file of at least 32 random bytes"},
      {"identity", "", "FILE", "opens the repository: an X25519 private key, PEM"},
      {"signing-key", "", "FILE", "sign with this private key (PEM) instead of the repository's own"},
      {"accept-signer", "", "FINGERPRINT", "accept a signer that this machine has not seen before"},
      {"output", "o", "FORMAT", "text, json (one document) or jsonl (one event a line)"},
      {"quiet", "q", "", "no progress and no summary"},
      {"verbose", "v", "", "all problems and notes, not only the first 20"},
      {"names-only", "", "", "never show what others said, whatever other flags say"},
      {"yes", "y", "", "do not ask; what destroys also needs --confirm NAME"},
      {"no-color", "", "", "accepted for scripts; the output has no colors"},
      {"show-detail", "", "", "with an error, what the system or a program said; it may hold more than names"},
      {"help", "h", "", "this text"},
      {"version", "", "", "the version"},
  };
  return all;
}

std::string_view group_summary(std::string_view name) {
  if (name == "key") return "keys that open a repository, and keys that sign";
  if (name == "target") return "the copies of a repository";
  if (name == "config") return "the configuration file";
  if (name == "policy") return "retention";
  return "";
}

const Verb* find_verb(std::string_view name) {
  const auto found = std::find_if(verbs().begin(), verbs().end(), [&](const Verb& verb) { return verb.name == name; });
  return found == verbs().end() ? nullptr : &*found;
}

}  // namespace hf
