// Repository: an open store with its keys: what everything else in this module and above works on.
//
// open() reads the configuration, opens one envelope with what the caller holds, and checks version, authenticity and
// signers before anything else is believed. The index is read when it is first needed. Not copied; parts that say so
// are safe to use from several threads.
#pragma once

#include <memory>
#include <optional>

#include "keys/envelope.h"
#include "keys/key_store.h"
#include "repo/chunk_reader.h"
#include "repo/other_copies.h"
#include "repo/signed_object.h"
#include "repo/trust.h"

namespace hf {

struct World {
  Env env;
  Fs& fs;
  std::string state_directory;                               // of this machine: trust, caches; made if missing
  std::string process;                                       // sys/process_identity.h; "" where runs are not told apart
  std::function<bool(const std::string& identity)> is_gone;  // may be empty: nobody is known to be gone
};

class Repository {
 public:
  struct Create {
    std::vector<KeyKind> key_kinds;
    Credentials credentials;  // of the first envelope
    std::string label;
    std::optional<Signer> signer;  // the owner's own; else one is made and kept under the root key
  };
  // Makes a repository in an empty store. Exists if there is one. Its objects are written so that an interrupted create
  // can be repeated: `config`, which is what makes it a repository, comes last.
  static Result<std::unique_ptr<Repository>> create(const World& world, Store& store, Create options,
                                                    const Deadline& deadline);

  struct Open {
    std::vector<KeyKind> key_kinds;
    Credentials credentials;
    std::optional<Signer> signer;  // to sign with; else the one kept in the repository
    std::string accept_signer;     // fingerprint (or a prefix of 8 or more) of an unknown signer that a person accepts
  };
  // NotFound: no repository here. Unsupported: a newer format; nothing was written. KeyMissing: nothing at hand opens
  // it, or it is signed by keys this machine has not seen.
  static Result<std::unique_ptr<Repository>> open(const World& world, Store& store, Open options,
                                                  const Deadline& deadline);
  // Another copy of a repository that is open, by the same root key: nobody is asked for one. `copy` is the operator's
  // name of it. Invalid if another repository is there; else as open(). `opened` must outlive it.
  static Result<std::unique_ptr<Repository>> open_copy(const Repository& opened, Store& store, std::string copy);

  Env env() const { return world_.env; }
  const World& world() const { return world_; }
  Store& store() { return store_; }
  const KeyRing& ring() const { return *ring_; }
  KeyRing& mutable_ring() { return *ring_; }  // to add an epoch just started
  // Epochs and signers that were added since it was opened. Requires: nothing else is using it.
  Status reload_keys();
  const TrustedSigners& signers() const { return signers_; }
  // KeyMissing if no private key is at hand: such a client can read and verify, not write.
  Result<const Signer*> signer() const;
  Trust& trust() { return *trust_; }
  // "": the only copy that is known of, as far as this run goes.
  const std::string& copy() const { return copy_; }
  void set_copy(std::string name) { copy_ = std::move(name); }
  // What this machine has seen of a set in this copy: one that lags shows no older state than it did before. Of the
  // only copy it is what was seen anywhere.
  const SeenHead* seen_head(const std::string& set_directory) const;
  void see_head(const std::string& set_directory, const SeenHead& head);
  void forget_head(const std::string& set_directory);
  std::vector<std::string> sets_seen() const;

  // Reads what this copy cannot give from these, in their order. For readers only: who writes, checks or prunes judges
  // one copy alone. They must outlive this.
  void read_also(std::vector<Repository*> others, OtherCopies::Tell tell);
  OtherCopies* others() { return others_.get(); }
  const EnvelopeInfo& opened_with() const { return envelope_; }
  WallTime created() const { return created_; }
  const Deadline& deadline() const { return deadline_; }

  // Loaded at the first call.
  Result<Index*> index();
  // Chunks by id, through index(). Loaded at the first call.
  Result<ChunkReader*> chunks();

 private:
  Repository(const World& world, Store& store, const Deadline& deadline)
      : world_(world), store_(store), deadline_(deadline) {}
  Status load_signers(std::optional<Signer> own, const std::string& accept);
  std::string pin_of(const std::string& set_directory) const;

  World world_;
  Store& store_;
  Deadline deadline_;
  std::unique_ptr<KeyRing> ring_;
  TrustedSigners signers_;
  std::optional<Signer> own_signer_;
  const Signer* signer_ = nullptr;  // its own, or that of the copy that was opened first
  Trust own_trust_;
  Trust* trust_ = &own_trust_;  // of the copy that was opened first: they share it
  std::string copy_, accept_signer_;
  EnvelopeInfo envelope_;
  WallTime created_{};
  std::unique_ptr<Index> index_;
  std::unique_ptr<ChunkReader> chunks_;
  std::unique_ptr<OtherCopies> others_;
};

// The `config` object, before any key is known.
struct ConfigObject {
  RepositoryId repository;
  WallTime created{};
  BytesView authenticated;  // what the MAC is over
  BytesView mac;
};
// Unsupported for a higher major or an unknown required feature.
Result<ConfigObject> decode_config(BytesView object);
Bytes encode_config(const KeyRing& ring, WallTime created);

}  // namespace hf
