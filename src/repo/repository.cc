#include "repo/repository.h"

#include <algorithm>

#include "repo/format.h"

namespace hf {
namespace {

constexpr size_t config_bytes_max = 64u << 10;
constexpr size_t fingerprint_prefix_min = 8;

Error no_repository(const Store& store) {
  return Error(Code::NotFound, "no repository in " + store.describe())
      .with_hint("holdfast init makes one; is the path right, and is the disk mounted?");
}

// What an interrupted create left, and only that: where anything else is, a lost `config` is more likely than a new
// start.
Status clear_unfinished(Store& store, const Deadline& deadline) {
  std::vector<std::string> leftovers;
  HF_TRY(store.list(
      "",
      [&](const ObjectInfo& info) -> Status {
        const bool is_key =
            info.name.starts_with("keys/") || info.name.starts_with("epochs/") || info.name.starts_with("signers/");
        if (!is_key)
          return Error(Code::Refused,
                       "the place is not empty, and has no repository's configuration: there is " + info.name)
              .with_hint("if it was a repository, put its object 'config' back from a copy; else name an empty place");
        leftovers.push_back(info.name);
        return {};
      },
      deadline));
  for (const std::string& name : leftovers) HF_TRY(store.remove(name, deadline));
  return {};
}

}  // namespace

Result<std::unique_ptr<Repository>> Repository::create(const World& world, Store& store, Create options,
                                                       const Deadline& deadline) {
  if (store.info("config", deadline).ok())
    return Error(Code::Exists, "there is a repository already in " + store.describe());
  HF_TRY(clear_unfinished(store, deadline));
  Entropy& entropy = world.env.entropy;
  const WallTime now = world.env.clock.wall();
  const RepositoryId id = entropy.make<RepositoryId>();
  std::vector<unsigned char> root_bytes(32);
  entropy.fill(std::as_writable_bytes(std::span(root_bytes)));
  auto repository = std::unique_ptr<Repository>(new Repository(world, store, deadline));
  repository->ring_ = std::make_unique<KeyRing>(RootKey::take(std::move(root_bytes)), id);
  KeyRing& ring = *repository->ring_;

  const auto kind = std::find_if(options.key_kinds.begin(), options.key_kinds.end(),
                                 [&](const KeyKind& k) { return k.accepts(options.credentials); });
  if (kind == options.key_kinds.end())
    return Error(Code::Invalid, "no key for the new repository")
        .with_hint("give --passphrase-file, --key-file or --recipient");
  const EnvelopeRequest request{.repository = id, .label = options.label, .created = now};
  const Bytes envelope = HF_TRY(kind->wrap(ring.root(), options.credentials, request, entropy));
  HF_TRY(add_envelope(store, envelope, deadline));
  repository->envelope_ = HF_TRY(inspect_envelope(envelope));
  HF_TRY(start_epoch(store, ring, now, entropy, deadline));
  if (options.signer) {
    HF_TRY(add_signer(store, ring, options.signer->verifier(), {.label = "owner's", .created = now}, deadline));
    repository->own_signer_ = std::move(options.signer);
  } else {
    repository->own_signer_ = Signer::generate_ed25519(entropy);
    HF_TRY(add_signer(store, ring, *repository->own_signer_, {.label = "made at init", .created = now}, entropy,
                      deadline));
  }
  HF_TRY(store.put("config", encode_config(ring, now), Durable::Now, deadline)
             .during("write the repository's configuration"));
  repository->created_ = now;
  repository->own_trust_ = HF_TRY(Trust::load(world.fs, world.state_directory, id));
  repository->signer_ = &*repository->own_signer_;
  repository->trust_->pin_signer(repository->signer_->verifier().key_id());
  HF_TRY(repository->trust_->save(world.fs));
  for (const TrustedSigner& signer : HF_TRY(hf::load_signers(store, ring, deadline)))
    repository->signers_.add(HF_TRY(Verifier::from_der(signer.verifier.der())));
  return repository;
}

Result<std::unique_ptr<Repository>> Repository::open(const World& world, Store& store, Open options,
                                                     const Deadline& deadline) {
  Result<Bytes> config_bytes = get_whole(store, "config", config_bytes_max, deadline);
  if (!config_bytes.ok()) {
    if (config_bytes.error().code() == Code::NotFound) return no_repository(store);
    return std::move(config_bytes).error().during("open repository");
  }
  const ConfigObject config = HF_TRY(decode_config(config_bytes.value()));
  const std::vector<Bytes> envelopes = HF_TRY(load_envelopes(store, deadline));
  Opened opened = HF_TRY(open_any(options.key_kinds, envelopes, options.credentials));
  auto repository = std::unique_ptr<Repository>(new Repository(world, store, deadline));
  repository->ring_ = std::make_unique<KeyRing>(std::move(opened.root), config.repository);
  repository->envelope_ = std::move(opened.envelope);
  repository->created_ = config.created;
  if (!equal_secret(repository->ring_->authenticate(config.authenticated).view(), config.mac))
    return Error(Code::Corrupt, "the object 'config' does not belong to this repository's keys")
        .with_hint("put it back from another copy");
  HF_TRY(load_epochs(store, *repository->ring_, deadline));
  repository->own_trust_ = HF_TRY(Trust::load(world.fs, world.state_directory, config.repository));
  repository->accept_signer_ = options.accept_signer;
  HF_TRY(repository->load_signers(std::move(options.signer), options.accept_signer));
  return repository;
}

Result<std::unique_ptr<Repository>> Repository::open_copy(const Repository& opened, Store& store, std::string copy) {
  Result<Bytes> config_bytes = get_whole(store, "config", config_bytes_max, opened.deadline_);
  if (!config_bytes.ok()) {
    if (config_bytes.error().code() == Code::NotFound) return no_repository(store);
    return std::move(config_bytes).error().during("open repository");
  }
  const ConfigObject config = HF_TRY(decode_config(config_bytes.value()));
  if (config.repository != opened.ring_->repository())
    return Error(Code::Invalid, "another repository is there: " + config.repository.hex())
        .with_hint("give each repository places of its own");
  auto repository = std::unique_ptr<Repository>(new Repository(opened.world_, store, opened.deadline_));
  repository->copy_ = std::move(copy);
  repository->ring_ = std::make_unique<KeyRing>(opened.ring_->of_another_copy());
  repository->envelope_ = opened.envelope_;
  repository->created_ = config.created;
  if (!equal_secret(repository->ring_->authenticate(config.authenticated).view(), config.mac))
    return Error(Code::Corrupt, "the object 'config' does not belong to this repository's keys")
        .with_hint("holdfast check --repair puts it back from another copy");
  HF_TRY(load_epochs(store, *repository->ring_, repository->deadline_));
  repository->trust_ = opened.trust_;
  repository->accept_signer_ = opened.accept_signer_;
  HF_TRY(repository->load_signers(std::nullopt, opened.accept_signer_));
  // The one at hand, and not another that this copy happens to keep.
  if (opened.signer_ != nullptr && repository->signers_.find(opened.signer_->verifier().key_id()) != nullptr)
    repository->signer_ = opened.signer_;
  return repository;
}

Status Repository::load_signers(std::optional<Signer> own, const std::string& accept) {
  const std::vector<TrustedSigner> found = HF_TRY(hf::load_signers(store_, *ring_, deadline_));
  const bool first_time = trust_->is_new();
  for (const TrustedSigner& signer : found) {
    const std::string id = signer.verifier.key_id();
    const bool accepted = accept.size() >= fingerprint_prefix_min && id.starts_with(accept);
    if (!first_time && !accepted && !trust_->knows_signer(id))
      return Error(Code::KeyMissing, "the repository has a signer that was not there before: " + id)
          .with_hint("compare the fingerprint with its owner's, then: --accept-signer " + id);
    trust_->pin_signer(id);
    signers_.add(HF_TRY(Verifier::from_der(signer.verifier.der())));
  }
  if (own) {
    if (signers_.find(own->verifier().key_id()) == nullptr)
      return Error(Code::KeyMissing,
                   "the signing key is not one of the repository's signers: " + own->verifier().key_id())
          .with_hint("holdfast key add --signing-key-public FILE makes it one");
    own_signer_ = std::move(own);
  } else {
    // The newest whose private key is here.
    for (auto signer = found.rbegin(); signer != found.rend() && !own_signer_; ++signer)
      if (signer->has_private)
        own_signer_ = HF_TRY(load_private_signer(store_, *ring_, signer->verifier.key_id(), deadline_));
  }
  if (own_signer_) signer_ = &*own_signer_;
  return trust_->save(world_.fs);
}

Status Repository::reload_keys() {
  KeyRing fresh = ring_->of_another_copy();
  HF_TRY(load_epochs(store_, fresh, deadline_));
  *ring_ = std::move(fresh);
  for (const TrustedSigner& signer : HF_TRY(hf::load_signers(store_, *ring_, deadline_))) {
    if (signers_.find(signer.verifier.key_id()) != nullptr) continue;
    trust_->pin_signer(signer.verifier.key_id());
    signers_.add(HF_TRY(Verifier::from_der(signer.verifier.der())));
  }
  return trust_->save(world_.fs);
}

std::string Repository::pin_of(const std::string& set_directory) const {
  return copy_.empty() ? set_directory : copy_ + "/" + set_directory;
}

const SeenHead* Repository::seen_head(const std::string& set_directory) const {
  return trust_->head(pin_of(set_directory));
}

void Repository::see_head(const std::string& set_directory, const SeenHead& head) {
  trust_->see_head(pin_of(set_directory), head);
  const SeenHead* anywhere = trust_->head(set_directory);
  if (anywhere == nullptr || anywhere->sequence < head.sequence) trust_->see_head(set_directory, head);
}

void Repository::forget_head(const std::string& set_directory) {
  trust_->forget_head(pin_of(set_directory));
  trust_->forget_head(set_directory);
}

std::vector<std::string> Repository::sets_seen() const {
  std::vector<std::string> sets;
  const std::string prefix = pin_of("");
  for (const auto& [name, head] : trust_->heads())
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == name.npos)
      sets.push_back(name.substr(prefix.size()));
  return sets;
}

void Repository::read_also(std::vector<Repository*> others, OtherCopies::Tell tell) {
  others_ = std::make_unique<OtherCopies>(copy_, std::move(others), std::move(tell));
  if (chunks_) chunks_->read_also(others_.get());
}

Result<const Signer*> Repository::signer() const {
  if (signer_ != nullptr) return signer_;
  return Error(Code::KeyMissing, "no signing key at hand: the owner keeps it")
      .with_hint("give it with --signing-key FILE");
}

Result<Index*> Repository::index() {
  if (!index_) {
    const std::string& state = world_.state_directory;
    // Each copy has segments of its own, and who opens one removes from the cache what it does not have.
    const std::string of_copy = copy_.empty() ? "" : "-" + copy_;
    auto index =
        std::make_unique<Index>(world_.env, store_, *ring_, world_.fs,
                                state.empty() ? "" : state + "/" + ring_->repository().hex() + "/index" + of_copy);
    HF_TRY(index->load(deadline_));
    index_ = std::move(index);
  }
  return index_.get();
}

Result<ChunkReader*> Repository::chunks() {
  Index* loaded = HF_TRY(index());
  if (!chunks_) {
    chunks_ = std::make_unique<ChunkReader>(world_.env, store_, *ring_, *loaded, deadline_);
    chunks_->read_also(others_.get());
  }
  return chunks_.get();
}

}  // namespace hf
