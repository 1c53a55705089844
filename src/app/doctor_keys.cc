// Keys: does one more thing open the repository than what is here, will it go on doing so, is it kept elsewhere.
#include <algorithm>

#include "app/doctor.h"
#include "base/text.h"
#include "keys/key_ring.h"
#include "keys/key_store.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr Duration expiry_bad = one_day * 7, expiry_warning = one_day * 90;
constexpr Duration epoch_age_max = one_day * 400;

void examine_envelopes(Examination& examination, OpenCopy& copy) {
  const Result<std::vector<Bytes>> envelopes = load_envelopes(*copy.store, run_deadline(examination.context));
  if (!envelopes.ok()) return examination.bad("keys.several", envelopes.error());
  if (envelopes.value().size() < 2)
    return examination.warning("keys.several", "one key opens the repository: who loses it loses every point",
                               "holdfast key add --recipient dr-site.pem, of a key that is kept elsewhere");
  examination.good("keys.several", format_count(envelopes.value().size(), "key opens", "keys open") + " it");
}

void examine_expiry(Examination& examination, OpenCopy& copy) {
  const EnvelopeInfo& key = copy.repository->opened_with();
  const WallTime now = examination.context.program.clock.wall();
  if (key.expires == WallTime{}) return examination.good("keys.expiry", "the key " + key.id + " does not expire");
  const std::string when = "the key " + key.id + " expires on " + format_date(key.expires);
  const std::string hint = "holdfast key rotate --new-passphrase-file FILE";
  if (key.expires < now + expiry_bad) return examination.bad("keys.expiry", when, hint);
  if (key.expires < now + expiry_warning) return examination.warning("keys.expiry", when, hint);
  examination.good("keys.expiry", when);
}

void examine_epoch(Examination& examination, OpenCopy& copy) {
  const uint32_t epoch = copy.repository->ring().current_epoch();
  const Result<ObjectInfo> object =
      copy.store->info("epochs/" + std::to_string(epoch), run_deadline(examination.context));
  if (!object.ok()) return examination.bad("keys.epoch", object.error(), "holdfast check");
  const Duration age = examination.context.program.clock.wall() - object.value().modified;
  const std::string text =
      "new data is encrypted under epoch " + std::to_string(epoch) + ", begun " + format_duration(age) + " ago";
  if (age > epoch_age_max) return examination.warning("keys.epoch", text, "holdfast key rotate");
  examination.good("keys.epoch", text);
}

void examine_signer(Examination& examination, OpenCopy& copy) {
  const Result<const Signer*> signer = copy.repository->signer();
  if (!signer.ok())
    return examination.bad("keys.signer", signer.error(), "--signing-key FILE names the private key that signs");
  examination.good("keys.signer", "points are signed by " + signer.value()->verifier().key_id().substr(0, 16));
}

// A key beside what it opens protects from nobody, and is lost with it.
void examine_place(Examination& examination) {
  if (!examination.settings.config) return;
  std::vector<std::string> paths;
  for (const auto& [name, key] : examination.settings.config->keys)
    if (!key.path.empty()) paths.push_back(key.path);
  for (const auto& [name, secret] : examination.settings.config->secrets)
    if (secret.from == config::SecretReference::From::File) paths.push_back(secret.words.front());
  Fs& fs = examination.context.program.fs;
  for (const std::string& path : paths) {
    const Result<std::string> key = fs.absolute(path);
    for (const TargetSettings& target : examination.settings.targets) {
      const auto place = target.options.find("path");
      if (place == target.options.end() || !key.ok()) continue;
      const Result<std::string> directory = fs.absolute(place->second);
      if (directory.ok() && key.value().starts_with(directory.value() + "/"))
        return examination.bad("keys.place", printable(path) + " lies in target " + target.name + ", which it opens",
                               "move it to another machine or medium, and change the configuration");
    }
  }
  examination.good("keys.place", "no key lies in a target");
}

}  // namespace

void examine_keys(Examination& examination) {
  examine_place(examination);
  if (!examination.copies) return examination.skip("keys", "no copy can be opened");
  OpenCopy& copy = examination.copies->open.front();
  examine_envelopes(examination, copy);
  examine_expiry(examination, copy);
  examine_epoch(examination, copy);
  examine_signer(examination, copy);
}

}  // namespace hf
