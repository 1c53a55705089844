#include "app/key_report.h"

#include "app/session.h"
#include "app/table.h"
#include "base/text.h"
#include "keys/key_store.h"
#include "sys/entry.h"

namespace hf {
namespace {

Result<std::vector<std::string>> names_in(Store& store, const std::string& prefix, const Deadline& deadline) {
  std::vector<std::string> names;
  HF_TRY(store.list(
      prefix,
      [&](const ObjectInfo& info) -> Status {
        names.push_back(info.name.substr(prefix.size()));
        return {};
      },
      deadline));
  std::sort(names.begin(), names.end());
  return names;
}

Json date_or_null(WallTime time) {
  return time == WallTime{} ? Json() : Json::time(time);
}
std::string date_or_dash(WallTime time) {
  return time == WallTime{} ? "-" : format_date(time);
}

// True if the caller has named a key: then everything is authenticated.
bool has_key(Context& context, const Settings& settings) {
  return context.args.has("passphrase-file") || context.args.has("key-file") || context.args.has("identity") ||
         !context.program.environment("HOLDFAST_PASSPHRASE_FILE").empty() ||
         (settings.config && !settings.config->keys.empty());
}

JsonArray show_envelopes(Out& out, const std::vector<EnvelopeInfo>& envelopes, WallTime now) {
  Table table({"key", "kind", "label", "created", "expires"});
  JsonArray keys;
  for (const EnvelopeInfo& envelope : envelopes) {
    const bool expired = envelope.expires != WallTime{} && envelope.expires < now;
    table.add({envelope.id, envelope.kind, printable(envelope.label), date_or_dash(envelope.created),
               date_or_dash(envelope.expires) + (expired ? " EXPIRED" : "")});
    JsonObject key;
    key.add("id", envelope.id)
        .add("kind", envelope.kind)
        .add("label", envelope.label)
        .add("created", date_or_null(envelope.created));
    key.add("expires", date_or_null(envelope.expires)).add("expired", expired);
    if (!envelope.recipient.empty()) key.add("recipient", envelope.recipient);
    keys.add(key);
  }
  for (const std::string& line : table.lines()) out.print(line);
  return keys;
}

// Names alone: nothing vouches for them without a key.
Result<JsonArray> show_signer_names(Out& out, Store& store, const Deadline& deadline) {
  JsonArray signers;
  for (const std::string& name : HF_TRY(names_in(store, "signers/", deadline))) {
    out.print("signer " + name + " (not authenticated: no key given)");
    signers.add(JsonObject().add("fingerprint", name).add("authenticated", false));
  }
  return signers;
}

Result<JsonArray> show_signers(Out& out, Repository& repository) {
  JsonArray signers;
  Table table({"signer", "algorithm", "label", "created", "private key"});
  for (const TrustedSigner& signer :
       HF_TRY(load_signers(repository.store(), repository.ring(), repository.deadline()))) {
    const std::string algorithm(signer.verifier.algorithm());
    table.add({signer.verifier.key_id(), algorithm, printable(signer.label), date_or_dash(signer.created),
               signer.has_private ? "in the repository" : "its owner's"});
    signers.add(JsonObject()
                    .add("fingerprint", signer.verifier.key_id())
                    .add("algorithm", algorithm)
                    .add("label", signer.label)
                    .add("created", date_or_null(signer.created))
                    .add("in_repository", signer.has_private)
                    .add("authenticated", true));
  }
  for (const std::string& line : table.lines()) out.print(line);
  return signers;
}

}  // namespace

Result<Exit> list_keys(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  const Deadline deadline = run_deadline(context);
  OpenRepository opened;
  if (has_key(context, settings)) {
    opened = HF_TRY(open_repository(context, settings));
  } else {
    opened.store = HF_TRY(open_store(context, settings));
    const Result<ObjectInfo> config = opened.store->info("config", deadline);
    if (!config.ok())
      return Error(Code::NotFound, "no repository in " + opened.store->describe()).with_hint("holdfast init makes one");
  }
  Store& store = *opened.store;
  const std::vector<EnvelopeInfo> envelopes = HF_TRY(list_envelopes(store, deadline));
  const JsonArray keys = show_envelopes(context.out, envelopes, context.program.clock.wall());
  context.out.print("");
  const JsonArray signers = opened.repository ? HF_TRY(show_signers(context.out, *opened))
                                              : HF_TRY(show_signer_names(context.out, store, deadline));
  std::vector<uint64_t> epochs;
  for (const std::string& name : HF_TRY(names_in(store, "epochs/", deadline)))
    if (!name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos)
      epochs.push_back(std::stoull(name));
  std::sort(epochs.begin(), epochs.end());
  context.out.print("");
  context.out.print("data-key epochs: " + std::to_string(epochs.size()) + ", current " +
                    (epochs.empty() ? "none" : std::to_string(epochs.back())));
  JsonArray numbers;
  for (const uint64_t epoch : epochs) numbers.add(epoch);
  JsonObject body;
  body.add("keys", keys.json()).add("signers", signers.json()).add("epochs", numbers.json());
  if (opened.repository) body.add("opened_with", opened.repository->opened_with().id);
  context.out.document(body);
  return Exit::Done;
}

}  // namespace hf
