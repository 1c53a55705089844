#include "backup/key_facts.h"

namespace hf {

Result<std::vector<KeyFact>> key_facts(Repository& repository) {
  using Role = KeyFact::Role;
  std::vector<KeyFact> keys;
  for (const EnvelopeInfo& envelope : HF_TRY(list_envelopes(repository.store(), repository.deadline())))
    keys.push_back({Role::Opens, envelope.id, envelope.kind, envelope.label, envelope.created, envelope.expires});
  for (const TrustedSigner& signer : HF_TRY(load_signers(repository.store(), repository.ring(), repository.deadline())))
    keys.push_back({Role::Signs,
                    signer.verifier.key_id(),
                    std::string(signer.verifier.algorithm()),
                    signer.label,
                    signer.created,
                    {}});
  for (const EpochInfo& epoch : HF_TRY(list_epochs(repository.store(), repository.ring(), repository.deadline())))
    keys.push_back({Role::Data, std::to_string(epoch.number), "aes-256-gcm", "", epoch.created, {}});
  return keys;
}

}  // namespace hf
