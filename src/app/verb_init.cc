#include "app/choose.h"
#include "app/copy_sync.h"
#include "app/kinds.h"
#include "app/session.h"
#include "app/verbs.h"
#include "keys/key_store.h"
#include "sys/entry.h"

namespace hf {
namespace {

// Of flags, the environment, the configuration or a person; the first makes the repository, the others are added.
Result<std::vector<NamedCredentials>> first_keys(Context& context, const Settings& settings) {
  constexpr CredentialFlags flags{"passphrase-file", "key-file", "identity", "recipient"};
  std::vector<NamedCredentials> keys = HF_TRY(credentials_of_flags(context, flags));
  if (!keys.empty()) return keys;
  if (settings.config) {
    std::vector<std::string> names;
    for (const auto& [name, set] : settings.config->sets)
      for (const std::string& key : set.policy.encrypt)
        if (std::find(names.begin(), names.end(), key) == names.end()) names.push_back(key);
    keys = HF_TRY(credentials_of_config(context, *settings.config, names, true));
    if (!keys.empty()) return keys;
  }
  if (!context.program.environment("HOLDFAST_PASSPHRASE_FILE").empty() || !context.program.terminal.is_interactive())
    return opening_credentials(context, nullptr);
  keys.push_back(HF_TRY(ask_new_passphrase(context)));
  return keys;
}

Status add_others(Context& context, Repository& repository, std::vector<NamedCredentials>& keys) {
  for (size_t i = 1; i < keys.size(); ++i) {
    for (const KeyKind& kind : key_kinds()) {
      if (!kind.accepts(keys[i].credentials)) continue;
      const EnvelopeRequest request{.repository = repository.ring().repository(),
                                    .created = context.program.clock.wall()};
      const Bytes object =
          HF_TRY(kind.wrap(repository.ring().root(), keys[i].credentials, request, context.program.entropy));
      HF_TRY(add_envelope(repository.store(), object, repository.deadline()));
    }
  }
  return {};
}

// All that making it would ask for, short of writing.
Result<Exit> rehearse(Context& context, const Settings& settings) {
  const TargetSettings& target = settings.targets.front();
  const Result<std::unique_ptr<Store>> there = open_store(context, settings, target, false);
  // A directory would be made; a bucket is made by its owner.
  const bool would_be_made = !there.ok() && there.error().code() == Code::NotFound && target.kind == "directory";
  if (!there.ok() && !would_be_made) return there.error().clone();
  if (there.ok() && there.value()->info("config", run_deadline(context)).ok())
    return Error(Code::Exists, "there is a repository already at " + printable(settings.targets.front().name))
        .with_hint("holdfast list shows what is in it");
  const std::vector<NamedCredentials> keys = HF_TRY(first_keys(context, settings));
  const std::optional<Signer> signer = HF_TRY(signer_of_flags(context, settings.config_or_null()));
  const std::string signed_by = signer ? signer->verifier().key_id() : "";
  std::vector<std::string> names;
  for (const NamedCredentials& key : keys) names.push_back(key.what);
  const std::string place = there.ok() ? there.value()->describe() : "a directory that is not there yet";
  context.out.print("would make a repository at " + printable(target.name) + ": " + printable(place));
  for (const std::string& name : names) context.out.print("opened by " + name);
  context.out.print("signed by " + (signer ? signed_by : "a key made then") + "; nothing was written");
  context.out.document(JsonObject()
                           .add("dry_run", true)
                           .add("target", target.name)
                           .add("place", place)
                           .add("keys", json_list(names))
                           .add("signer", signer ? Json(signed_by) : Json()));
  return Exit::Done;
}

// What cannot be made now `target sync` makes later.
std::vector<SyncedCopy> make_copies(Context& context, const Settings& settings, OpenCopy& first) {
  std::vector<SyncedCopy> copies;
  for (size_t i = 1; i < settings.targets.size(); ++i) {
    SyncedCopy synced{.target = settings.targets[i].name};
    Result<OpenCopy> made = make_copy(context, settings, first, settings.targets[i]);
    if (made.ok()) {
      context.out.say("made copy " + synced.target + " in " + printable(made.value().store->describe()));
    } else {
      synced.state = CopyState::Unreachable;
      synced.error = std::move(made).error();
      print_copies(context.out, {&synced, 1}, false);
    }
    copies.push_back(std::move(synced));
  }
  return copies;
}

Result<Exit> run_verb(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  if (context.args.has("dry-run")) return rehearse(context, settings);
  std::vector<NamedCredentials> keys = HF_TRY(first_keys(context, settings));
  std::optional<Signer> signer = HF_TRY(signer_of_flags(context, settings.config_or_null()));
  const World world = HF_TRY(make_world(context));
  const TargetSettings& target = settings.targets.front();
  OpenCopy made{.target = target};
  made.store = HF_TRY(open_store(context, settings, target, true));
  Store* const store = made.store.get();
  Repository::Create options{.key_kinds = key_kinds(),
                             .credentials = std::move(keys.front().credentials),
                             .label = context.args.text("label"),
                             .signer = std::move(signer)};
  Result<std::unique_ptr<Repository>> created =
      Repository::create(world, *store, std::move(options), run_deadline(context));
  if (!created.ok() && created.error().code() == Code::Exists)
    return std::move(created).error().with_hint("holdfast list shows what is in it");
  made.repository = HF_TRY(std::move(created));
  Repository* const repository = made.repository.get();
  HF_TRY(add_others(context, *repository, keys));
  const std::vector<SyncedCopy> copies = make_copies(context, settings, made);
  const std::string fingerprint = HF_TRY(repository->signer())->verifier().key_id();
  const std::string id = repository->ring().repository().hex();
  context.out.say("made repository " + id.substr(0, id_digits_shown) + " in " + printable(store->describe()));
  context.out.say("its points are signed by " + fingerprint + ": write that down beside the key");
  context.out.say("without a key nothing can ever be restored: keep a copy of it elsewhere");
  JsonObject body;
  body.add("repository", id).add("target", target.name).add("signer", fingerprint);
  body.add("key", repository->opened_with().id);
  if (settings.has_copies) body.add("copies", copies_document(copies).json());
  context.out.document(body);
  return exit_of(copies);
}

}  // namespace

Verb init_verb() {
  return {.name = "init",
          .summary = "Make a repository, and its copies",
          .description =
              "Makes a repository in an empty or missing directory, opened by the key given: a passphrase, a key file, "
              "or an X25519 key. "
              "Several keys may be given; any one of them opens it. What it writes is signed by a key made now and "
              "kept in the "
              "repository, or by your own with --signing-key.",
          .arguments = {},
          .options = {{"recipient", "", "FILE", "an X25519 public key (PEM): its owner can open the repository", true},
                      {"label", "", "TEXT", "shown beside the key in lists"},
                      {"dry-run", "", "", "say what would be made; nothing is written"}},
          .examples = {"holdfast init --repo /backup/repo --passphrase-file /etc/holdfast/passphrase",
                       "holdfast init --repo /backup/repo --key-file /etc/holdfast/key --recipient dr-site.pem",
                       "holdfast init -c /etc/holdfast/holdfast.yaml"},
          .run = run_verb};
}

}  // namespace hf
