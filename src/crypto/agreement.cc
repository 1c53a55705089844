#include "crypto/agreement.h"

#include <sodium.h>

#include "base/entropy.h"
#include "crypto/openssl.h"
#include "crypto/wipe.h"

namespace hf {
namespace {

constexpr size_t key_bytes = 32;

void start_sodium() {
  static const int started = sodium_init();
  HF_ASSERT(started >= 0);
}

DataKey raw_private_key(const EVP_PKEY& key) {
  std::vector<unsigned char> raw(key_bytes);
  size_t length = raw.size();
  HF_ASSERT(EVP_PKEY_get_raw_private_key(&key, raw.data(), &length) == 1);
  HF_ASSERT(length == raw.size());
  return DataKey::take(std::move(raw));
}

}  // namespace

Result<DataKey> argon2id(const Passphrase& passphrase, BytesView salt, uint32_t memory_kib, uint32_t passes) {
  HF_ASSERT(salt.size() == crypto_pwhash_SALTBYTES);
  start_sodium();
  const auto words = passphrase.reveal(Purpose::DeriveKey);
  const char* begin = words.empty() ? "" : reinterpret_cast<const char*>(words.data());
  std::vector<unsigned char> out(key_bytes);
  if (crypto_pwhash(out.data(), out.size(), begin, words.size(), as_uchar(salt), passes, size_t{memory_kib} * 1024,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error(Code::Failed, "argon2id cannot have the " + std::to_string(memory_kib) + " KiB it needs");
  }
  return DataKey::take(std::move(out));
}

X25519Pair x25519_generate(Entropy& entropy) {
  std::vector<unsigned char> raw(key_bytes);
  entropy.fill(std::as_writable_bytes(std::span(raw)));
  const Pkey key = private_key_from_raw(EVP_PKEY_X25519, std::as_bytes(std::span(raw)));
  HF_ASSERT(key != nullptr);
  return X25519Pair{raw_public_key(*key), DataKey::take(std::move(raw))};
}

Result<DataKey> x25519_shared(const DataKey& private_key, BytesView public_key) {
  const OpensslErrors errors;
  const Pkey mine = private_key_from_raw(EVP_PKEY_X25519, reveal_bytes(private_key, Purpose::DeriveKey));
  const Pkey theirs = public_key_from_raw(EVP_PKEY_X25519, public_key);
  if (!mine || !theirs) return Error(Code::Invalid, "an X25519 key has 32 bytes");
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr));
  HF_ASSERT(context != nullptr);
  HF_ASSERT(EVP_PKEY_derive_init(context.get()) == 1);
  std::vector<unsigned char> shared(key_bytes);
  size_t length = shared.size();
  // OpenSSL refuses an all-zero result, which is what keys of low order give.
  if (EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.data(), &length) != 1) {
    return Error(Code::KeyMissing, "X25519 public key is of low order");
  }
  HF_ASSERT(length == shared.size());
  return DataKey::take(std::move(shared));
}

Result<Bytes> x25519_public_from_pem(std::string_view pem) {
  Pkey key = public_key_from_pem(pem);
  if (!key) key = private_key_from_pem(as_bytes(pem));
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_X25519) {
    return Error(Code::Invalid, "recipient is not the PEM of an X25519 key")
        .with_hint(
            "make one: openssl genpkey -algorithm X25519 -out identity.pem && "
            "openssl pkey -in identity.pem -pubout -out recipient.pem");
  }
  return raw_public_key(*key);
}

Result<X25519Pair> x25519_pair_from_pem(const Passphrase& pem_text) {
  const Pkey key = private_key_from_pem(reveal_bytes(pem_text, Purpose::Decrypt));
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_X25519) {
    return Error(Code::Invalid, "identity is not the PEM of an unencrypted X25519 private key")
        .with_hint("make one: openssl genpkey -algorithm X25519 -out identity.pem");
  }
  return X25519Pair{raw_public_key(*key), raw_private_key(*key)};
}

}  // namespace hf
