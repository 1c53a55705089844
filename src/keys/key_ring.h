// KeyRing: the root key and all that is derived from it, held while a repository is open.
//
// docs/FORMAT.md, "Keys", is the derivation. Keys are wiped when the ring dies and never written anywhere.
// Safe to use from several threads once built; epochs are added before that.
#pragma once

#include <array>
#include <map>

#include "base/entropy.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/hash.h"

namespace hf {

using RootKey = Secret<struct RootKeyTag>;  // 32 bytes
using GearTable = std::array<uint64_t, 256>;

enum class PackKind : uint8_t { Data = 1, Meta = 2 };

// A 32-byte key that is wiped.
struct WipedKey {
  Key32 bytes{};
  WipedKey() = default;
  WipedKey(const WipedKey&) = default;
  WipedKey& operator=(const WipedKey&) = default;
  ~WipedKey() { explicit_bzero(bytes.data(), bytes.size()); }
};

struct PackKeys {
  WipedKey key;
  Key32 commitment{};  // not secret: stands in the pack's header
};

class KeyRing {
 public:
  KeyRing(RootKey root, RepositoryId repository);

  // The same root key, without its epochs: for another copy of the repository, which says itself which it has.
  KeyRing of_another_copy() const;

  const RepositoryId& repository() const { return repository_; }
  const RootKey& root() const { return root_; }
  const Key32& chunk_key() const { return chunk_.bytes; }
  const Key32& meta_key() const { return meta_.bytes; }
  const Key32& piece_key() const { return piece_.bytes; }
  const Key32& name_key() const { return name_.bytes; }
  const Key32& auth_key() const { return auth_.bytes; }
  const Key32& cache_key() const { return cache_.bytes; }  // of files on this machine, never of what is in the store
  const GearTable& gear() const { return gear_; }

  // Requires: number > 0, not there yet, secret of 32 bytes.
  void add_epoch(uint32_t number, DataKey secret);
  uint32_t current_epoch() const;  // the highest; 0: none
  // KeyMissing if the ring has no such epoch.
  Result<PackKeys> pack_keys(uint32_t epoch, PackKind kind, BytesView salt) const;

  // A box (docs/FORMAT.md) of that purpose.
  Bytes seal_box(std::string_view purpose, BytesView plain, Entropy& entropy) const;
  // Corrupt unless it is a box of that purpose, sealed under this root key, unaltered.
  Result<Bytes> open_box(std::string_view purpose, BytesView box) const;

  // Directory name of a set: first 16 hex of HMAC-SHA-256(K_name, name).
  std::string set_directory(std::string_view set_name) const;
  // Of the names and values that a config source gives; see keys/fingerprint.h.
  const Key32& fingerprint_key() const { return fingerprint_.bytes; }
  // MAC of config and signers.
  Sha256 authenticate(BytesView bytes) const;

 private:
  Bytes derive(std::string_view info, size_t length) const;

  RootKey root_;
  RepositoryId repository_;
  WipedKey chunk_, meta_, piece_, name_, auth_, cache_, fingerprint_;
  GearTable gear_{};
  std::map<uint32_t, DataKey> epochs_;
};

}  // namespace hf
