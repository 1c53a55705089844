// The key verbs that change nothing: list, export, test.
#include "app/key_report.h"
#include "app/kinds.h"
#include "app/session.h"
#include "app/verbs.h"
#include "keys/key_store.h"
#include "sys/entry.h"

namespace hf {
namespace {

Result<Exit> run_export(Context& context) {
  const OpenRepository opened = HF_TRY(open_repository(context));
  const std::string wanted = context.args.text("signer");
  JsonArray signers;
  bool any = false;
  for (const TrustedSigner& signer : HF_TRY(load_signers(*opened.store, (*opened).ring(), (*opened).deadline()))) {
    const std::string id = signer.verifier.key_id();
    if (!wanted.empty() && wanted != "all" && !id.starts_with(wanted)) continue;
    any = true;
    if (context.out.is_text()) context.out.raw(as_bytes(signer.verifier.pem()));
    signers.add(JsonObject()
                    .add("fingerprint", id)
                    .add("algorithm", signer.verifier.algorithm())
                    .add("label", signer.label)
                    .add("pem", signer.verifier.pem()));
  }
  if (!any)
    return Error(Code::NotFound, "no signer begins with " + printable(wanted))
        .with_hint("holdfast key list shows them");
  context.out.document(JsonObject().add("signers", signers.json()));
  return Exit::Done;
}

// Which envelope these credentials open; nothing if none.
Result<std::optional<EnvelopeInfo>> opened_by(const std::vector<Bytes>& envelopes, const Credentials& credentials) {
  Result<Opened> opened = open_any(key_kinds(), envelopes, credentials);
  if (opened.ok()) return std::optional(std::move(opened).value().envelope);
  if (opened.error().code() == Code::KeyMissing) return std::optional<EnvelopeInfo>();
  return std::move(opened).error();
}

Result<Exit> run_test(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  const std::unique_ptr<Store> store = HF_TRY(open_store(context, settings));
  const std::vector<Bytes> envelopes = HF_TRY(load_envelopes(*store, run_deadline(context)));
  if (envelopes.empty())
    return Error(Code::NotFound, "no repository in " + store->describe()).with_hint("holdfast init makes one");
  bool all = true;
  JsonArray results;
  for (const NamedCredentials& named : HF_TRY(opening_credentials(context, settings.config_or_null()))) {
    const std::optional<EnvelopeInfo> envelope = HF_TRY(opened_by(envelopes, named.credentials).during(named.what));
    all = all && envelope.has_value();
    context.out.print(named.what + ": " +
                      (envelope ? "opens key " + envelope->id + " (" + envelope->kind +
                                      (envelope->label.empty() ? "" : ", " + printable(envelope->label)) + ")"
                                : "opens nothing"));
    results.add(JsonObject()
                    .add("credential", named.what)
                    .add("opens", envelope.has_value())
                    .add("key", envelope ? Json(envelope->id) : Json())
                    .add("kind", envelope ? Json(envelope->kind) : Json()));
  }
  context.out.document(JsonObject().add("results", results.json()));
  return all ? Exit::Done : Exit::Key;
}

}  // namespace

std::vector<Verb> key_verbs() {
  std::vector<Verb> verbs;
  verbs.push_back({.name = "key list",
                   .summary = "List what opens the repository, and who signs",
                   .description = "Lists the keys that open the repository, the signers with their fingerprints, and "
                                  "the data-key epochs. Needs no key; "
                                  "with one, the signers are authenticated.",
                   .arguments = {},
                   .options = {},
                   .examples = {"holdfast key list --repo /backup/repo",
                                "holdfast key list --repo /backup/repo --passphrase-file /etc/holdfast/passphrase",
                                "holdfast key list -o json"},
                   .run = list_keys});
  verbs.push_back(
      {.name = "key export",
       .summary = "Print the public keys of the signers",
       .description =
           "Prints public keys as PEM, with which a stock openssl verifies any point without a key of the repository.",
       .arguments = {},
       .options = {{"signer", "", "FINGERPRINT", "only this one: its first digits; or all (the default)"}},
       .examples = {"holdfast key export > signers.pem", "holdfast key export --signer 77aa01",
                    "holdfast key export --signer all -o json"},
       .run = run_export});
  verbs.push_back({.name = "key test",
                   .summary = "Try the keys given, and say what each opens",
                   .description = "Tries every key given with --passphrase-file, --key-file and --identity (each may "
                                  "be given more than once). Exit code 12 if "
                                  "one of them opens nothing. Run it regularly: a backup whose key is lost is lost.",
                   .arguments = {},
                   .options = {},
                   .examples = {"holdfast key test --passphrase-file /media/usb/passphrase",
                                "holdfast key test --identity dr-site-key.pem",
                                "holdfast key test -c /etc/holdfast/holdfast.yaml -o json"},
                   .run = run_test});
  return verbs;
}

}  // namespace hf
