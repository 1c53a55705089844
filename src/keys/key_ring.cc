#include "keys/key_ring.h"

#include <limits>

#include "crypto/aead.h"
#include "crypto/wipe.h"

namespace hf {
namespace {

constexpr std::string_view box_magic = "HFBX";
constexpr uint16_t box_version = 1;
constexpr size_t salt_bytes = 32, commitment_bytes = 32;

void fill(WipedKey& key, BytesView from) {
  HF_ASSERT(from.size() == key.bytes.size());
  std::memcpy(key.bytes.data(), from.data(), from.size());
}

// 64 derived bytes: the key, then what commits to it.
PackKeys split(const Wiped& derived) {
  PackKeys keys;
  fill(keys.key, derived.view().first(32));
  std::memcpy(keys.commitment.data(), derived.view().data() + 32, commitment_bytes);
  return keys;
}

PackKeys box_keys(const RootKey& root, std::string_view purpose, BytesView salt) {
  const std::string info = "holdfast box 1" + std::string(purpose);
  return split(Wiped(hkdf(reveal_bytes(root, Purpose::DeriveKey), salt, info, 64)));
}

Bytes box_prefix(std::string_view purpose) {
  HF_ASSERT(purpose.size() <= std::numeric_limits<uint16_t>::max());
  Bytes prefix = to_bytes(box_magic);
  append_le(prefix, box_version);
  append_le(prefix, static_cast<uint16_t>(purpose.size()));
  append(prefix, as_bytes(purpose));
  return prefix;
}

}  // namespace

KeyRing::KeyRing(RootKey root, RepositoryId repository) : root_(std::move(root)), repository_(repository) {
  HF_ASSERT(root_.size() == 32);
  fill(chunk_, Wiped(derive("holdfast chunk id 1", 32)).view());
  fill(meta_, Wiped(derive("holdfast meta id 1", 32)).view());
  fill(piece_, Wiped(derive("holdfast piece 1", 32)).view());
  fill(name_, Wiped(derive("holdfast name 1", 32)).view());
  fill(auth_, Wiped(derive("holdfast config 1", 32)).view());
  fill(cache_, Wiped(derive("holdfast local cache 1", 32)).view());
  fill(fingerprint_, Wiped(derive("holdfast fingerprint 1", 32)).view());
  const Wiped gear(derive("holdfast cut 1", gear_.size() * sizeof(uint64_t)));
  for (size_t i = 0; i < gear_.size(); ++i) gear_[i] = load_le<uint64_t>(gear.view().data() + i * sizeof(uint64_t));
}

KeyRing KeyRing::of_another_copy() const {
  return KeyRing(Wiped(to_bytes(reveal_bytes(root_, Purpose::DeriveKey))).to_secret<RootKey>(), repository_);
}

Bytes KeyRing::derive(std::string_view info, size_t length) const {
  return hkdf(reveal_bytes(root_, Purpose::DeriveKey), repository_.view(), info, length);
}

void KeyRing::add_epoch(uint32_t number, DataKey secret) {
  HF_ASSERT(number > 0);
  HF_ASSERT(secret.size() == 32);
  const bool is_new = epochs_.emplace(number, std::move(secret)).second;
  HF_ASSERT(is_new);
}

uint32_t KeyRing::current_epoch() const {
  return epochs_.empty() ? 0 : epochs_.rbegin()->first;
}

Result<PackKeys> KeyRing::pack_keys(uint32_t epoch, PackKind kind, BytesView salt) const {
  const auto found = epochs_.find(epoch);
  if (found == epochs_.end()) {
    return Error(Code::KeyMissing, "no data key of epoch " + std::to_string(epoch) + " is in this repository");
  }
  const std::string info = "holdfast pack 1" + std::string(1, static_cast<char>(kind));
  return split(Wiped(hkdf(reveal_bytes(found->second, Purpose::DeriveKey), salt, info, 64)));
}

Bytes KeyRing::seal_box(std::string_view purpose, BytesView plain, Entropy& entropy) const {
  const Bytes salt = entropy.bytes(salt_bytes);
  const PackKeys keys = box_keys(root_, purpose, salt);
  Bytes box = box_prefix(purpose);
  append(box, salt);
  append(box, keys.commitment);
  const Bytes bound = box;
  Aead(keys.key.bytes).seal(Nonce{}, bound, plain, box);
  return box;
}

Result<Bytes> KeyRing::open_box(std::string_view purpose, BytesView box) const {
  const Error damaged(Code::Corrupt, "not a sealed box of purpose " + std::string(purpose) + " of this repository");
  const Bytes prefix = box_prefix(purpose);
  const size_t bound_bytes = prefix.size() + salt_bytes + commitment_bytes;
  if (box.size() < bound_bytes + aead_tag_bytes) return damaged.clone();
  if (!equal(box.first(prefix.size()), prefix)) return damaged.clone();
  const PackKeys keys = box_keys(root_, purpose, box.subspan(prefix.size(), salt_bytes));
  // The commitment keeps one box from opening under two keys, which GCM alone would allow.
  if (!equal_secret(keys.commitment, box.subspan(prefix.size() + salt_bytes, commitment_bytes))) {
    return damaged.clone();
  }
  Result<Bytes> plain = Aead(keys.key.bytes).open(Nonce{}, box.first(bound_bytes), box.subspan(bound_bytes));
  if (!plain.ok()) return damaged.clone();
  return plain;
}

std::string KeyRing::set_directory(std::string_view set_name) const {
  return hmac_sha256(name_.bytes, as_bytes(set_name)).hex().substr(0, 16);
}

Sha256 KeyRing::authenticate(BytesView bytes) const {
  return hmac_sha256(auth_.bytes, bytes);
}

}  // namespace hf
