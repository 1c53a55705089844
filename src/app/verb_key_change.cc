// The key verbs that change the repository: add, rotate, revoke.
#include <algorithm>

#include "app/copy_sync.h"
#include "app/kinds.h"
#include "app/session.h"
#include "app/verbs.h"
#include "keys/key_store.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr CredentialFlags new_flags{"new-passphrase-file", "new-key-file", "", "recipient"};

// Lists the new keys by id; empty where `dry_run`.
Result<std::vector<std::string>> add_envelopes(Context& context, Repository& repository,
                                               const std::vector<NamedCredentials>& keys, bool dry_run) {
  std::vector<std::string> ids;
  const Duration expires = HF_TRY(context.args.duration("expires", Duration{}));
  const WallTime now = context.program.clock.wall();
  const EnvelopeRequest request{.repository = repository.ring().repository(),
                                .label = context.args.text("label"),
                                .created = now,
                                .expires = expires == Duration{} ? WallTime{} : now + expires};
  for (const NamedCredentials& key : keys) {
    const std::vector<KeyKind> kinds = key_kinds();
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [&](const KeyKind& k) { return k.accepts(key.credentials); });
    HF_ASSERT(kind != kinds.end());
    const Bytes object = HF_TRY(
        kind->wrap(repository.ring().root(), key.credentials, request, context.program.entropy).during(key.what));
    if (!dry_run) ids.push_back(HF_TRY(add_envelope(repository.store(), object, repository.deadline())));
    if (dry_run)
      context.out.print("would add " + key.what);
    else
      context.out.say("added key " + ids.back() + ": " + key.what);
  }
  return ids;
}

// The same in every copy. One that is out of reach gets it by `target sync`.
Exit spread(Context& context, const Settings& settings, OpenCopies& copies, JsonObject& body) {
  if (!settings.has_copies) return Exit::Done;
  const std::vector<SyncedCopy> spread = spread_keys(copies, copies.open.front());
  print_copies(context.out, spread, false);
  body.add("copies", copies_document(spread).json());
  return exit_of(spread);
}

Result<Exit> run_add(Context& context) {
  std::vector<NamedCredentials> keys = HF_TRY(credentials_of_flags(context, new_flags));
  const std::string signer_path = context.args.text("signing-key-public");
  std::optional<Verifier> signer;
  if (!signer_path.empty()) {
    const std::string pem = HF_TRY(read_public_pem(context, signer_path));
    signer = HF_TRY(Verifier::from_pem(pem).during("public key " + printable(signer_path)));
  }
  if (keys.empty() && !signer && !context.program.terminal.is_interactive())
    return Error(Code::Invalid, "which key shall be added?")
        .with_hint("--new-passphrase-file FILE, --new-key-file FILE, --recipient FILE or --signing-key-public FILE");
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  OpenCopy& opened = copies.open.front();
  if (keys.empty() && !signer) keys.push_back(HF_TRY(ask_new_passphrase(context)));
  const bool dry_run = context.args.has("dry-run");
  const std::vector<std::string> ids = HF_TRY(add_envelopes(context, *opened, keys, dry_run));
  JsonObject body;
  body.add("dry_run", dry_run).add("added", json_list(ids));
  if (signer) {
    const std::string fingerprint = signer->key_id();
    if (!dry_run) {
      const SignerRequest request{.label = context.args.text("label"), .created = context.program.clock.wall()};
      HF_TRY(add_signer(*opened.store, (*opened).ring(), *signer, request, (*opened).deadline()));
      (*opened).trust().pin_signer(fingerprint);
      HF_TRY((*opened).trust().save(context.program.fs));
    }
    if (dry_run)
      context.out.print("would add signer " + fingerprint);
    else
      context.out.say("added signer " + fingerprint);
    body.add("signer", fingerprint);
  }
  if (dry_run) context.out.print("nothing was written");
  const Exit exit = dry_run ? Exit::Done : spread(context, settings, copies, body);
  context.out.document(body);
  return exit;
}

Result<Exit> run_rotate(Context& context) {
  const std::vector<NamedCredentials> keys = HF_TRY(credentials_of_flags(context, new_flags));
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  OpenCopy& opened = copies.open.front();
  Repository& repository = *opened;
  const bool dry_run = context.args.has("dry-run");
  // An epoch's number taken twice could never be put right: a copy that has another one is found before, too.
  if (!copies.closed.empty())
    return Error(Code::Unavailable, "copy " + copies.closed.front().target.name + " cannot be used: " +
                                        copies.closed.front().error.message() + ": nothing was rotated")
        .with_hint("a new epoch must begin in every copy at once; try again when all can be reached");
  if (!dry_run)
    for (OpenCopy& other : copies.open)
      if (&other != &opened) HF_TRY(bring_keys(opened, other));
  const std::vector<std::string> ids = HF_TRY(add_envelopes(context, repository, keys, dry_run));
  uint32_t epoch = repository.ring().current_epoch() + 1;
  if (!dry_run)
    epoch = HF_TRY(start_epoch(*opened.store, repository.mutable_ring(), context.program.clock.wall(),
                               context.program.entropy, repository.deadline()));
  if (dry_run)
    context.out.print("would start data-key epoch " + std::to_string(epoch) + "; nothing was written");
  else
    context.out.say("new data is encrypted under epoch " + std::to_string(epoch));
  const std::string old = repository.opened_with().id;
  if (!ids.empty())
    context.out.say(
        "the old key still opens the repository; when the new one is in place everywhere: holdfast key revoke " + old);
  JsonObject body;
  body.add("dry_run", dry_run).add("epoch", epoch).add("added", json_list(ids)).add("old_key", old);
  const Exit exit = dry_run ? Exit::Done : spread(context, settings, copies, body);
  context.out.document(body);
  return exit;
}

Result<Exit> run_revoke(Context& context) {
  const std::string wanted = context.args.text("KEY");
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  OpenCopy& opened = copies.open.front();
  std::vector<std::string> found;
  const std::vector<EnvelopeInfo> envelopes = HF_TRY(list_envelopes(*opened.store, (*opened).deadline()));
  for (const EnvelopeInfo& envelope : envelopes)
    if (!wanted.empty() && envelope.id.starts_with(wanted)) found.push_back(envelope.id);
  if (found.empty())
    return Error(Code::NotFound, "no key begins with " + printable(wanted)).with_hint("holdfast key list shows them");
  if (found.size() > 1)
    return Error(Code::Invalid, "several keys begin with " + printable(wanted)).with_hint("give more of its digits");
  const bool dry_run = context.args.has("dry-run");
  if (dry_run && envelopes.size() == 1)
    return Error(Code::Refused, "it is the only key of the repository")
        .with_hint("add another first: holdfast key add");
  if (!dry_run) {
    HF_TRY(remove_envelope(*opened.store, found.front(), context.program.entropy, (*opened).deadline()));
    HF_TRY(
        record_revoked(*opened.store, (*opened).ring(), found.front(), context.program.entropy, (*opened).deadline()));
  }
  if (dry_run)
    context.out.print("would revoke key " + found.front() + "; nothing was written");
  else
    context.out.say("revoked key " + found.front());
  context.out.say("whoever copied the repository while that key opened it can still read what it held then");
  JsonObject body;
  body.add("dry_run", dry_run).add("revoked", found.front());
  const Exit exit = dry_run ? Exit::Done : spread(context, settings, copies, body);
  for (const ClosedCopy& closed : copies.closed)
    if (!dry_run)
      context.out.warn("the revoked key still opens copy " + closed.target.name + ", which could not be reached");
  context.out.document(body);
  return exit;
}

std::vector<OptionSpec> new_key_options() {
  return {{"new-passphrase-file", "", "FILE", "the new key: a passphrase; - is standard input", true},
          {"new-key-file", "", "FILE", "the new key: a file of at least 32 random bytes", true},
          {"recipient", "", "FILE", "the new key: an X25519 public key, PEM", true},
          {"label", "", "TEXT", "shown beside the key in lists"},
          {"expires", "", "TIME", "how long it is meant to be used: 1y, 90d; it goes on opening, with a warning"},
          {"dry-run", "", "", "check, and say what would be done; nothing is written"}};
}

}  // namespace

std::vector<Verb> key_change_verbs() {
  std::vector<OptionSpec> add_options = new_key_options();
  add_options.insert(add_options.end() - 1,
                     {"signing-key-public", "", "FILE", "a public key (PEM) whose owner may sign points"});
  std::vector<Verb> verbs;
  verbs.push_back({.name = "key add",
                   .summary = "Add a key that opens the repository, or a signer",
                   .description = "Adds a key beside the ones there are; any one of them opens the repository. On a "
                                  "terminal without flags a new passphrase is asked for.",
                   .arguments = {},
                   .options = std::move(add_options),
                   .examples = {"holdfast key add --new-passphrase-file /root/new-passphrase --label ops",
                                "holdfast key add --recipient dr-site.pem --expires 1y",
                                "holdfast key add --signing-key-public backup-host.pem"},
                   .run = run_add});
  verbs.push_back(
      {.name = "key rotate",
       .summary = "Encrypt new data under a new key",
       .description =
           "Starts a new data-key epoch; with a new key it is added too, and the old one stays until `key revoke`.",
       .arguments = {},
       .options = new_key_options(),
       .examples = {"holdfast key rotate", "holdfast key rotate --new-passphrase-file /root/new-passphrase",
                    "holdfast key rotate --dry-run"},
       .run = run_rotate});
  verbs.push_back(
      {.name = "key revoke",
       .summary = "Remove a key",
       .description = "The key opens the repository no longer. The last key cannot be revoked (exit code 7).",
       .arguments = {{"KEY", "the first digits of its id: holdfast key list", ArgumentSpec::Count::One}},
       .options = {{"dry-run", "", "", "say what would be done; nothing is written"}},
       .examples = {"holdfast key revoke 3f2a9c01", "holdfast key revoke 3f2a9c01 --dry-run",
                    "holdfast key revoke 3f2a9c01b2c4d5e6 -o json"},
       .run = run_revoke});
  return verbs;
}

}  // namespace hf
