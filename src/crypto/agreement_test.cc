#include "crypto/agreement.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/openssl.h"
#include "crypto/wipe.h"
#include "support/seeded_entropy.h"

namespace hf {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

template <typename SecretType>
SecretType secret_of(BytesView bytes) {
  return Wiped(to_bytes(bytes)).to_secret<SecretType>();
}
Passphrase words(std::string_view text) {
  return secret_of<Passphrase>(as_bytes(text));
}
std::string shown(const DataKey& key) {
  return to_hex(reveal_bytes(key, Purpose::DeriveKey));
}

std::string without_padding(std::string text) {
  return text.substr(0, text.find('='));
}

TEST(Argon2id, the_library_accepts_the_reference_implementations_encoded_hash) {
  // From test.c of the reference implementation: 64 MiB, 2 passes, "password", "somesalt".
  const char encoded[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  EXPECT_EQ(crypto_pwhash_str_verify(encoded, "password", 8), 0);
  EXPECT_NE(crypto_pwhash_str_verify(encoded, "passwore", 8), 0);
}

TEST(Argon2id, its_key_is_the_hash_in_the_encoded_form) {
  const Bytes salt = to_bytes("sixteen bytes !!");
  const Result<DataKey> key = argon2id(words("password"), salt, 256, 3);
  const std::string encoded = "$argon2id$v=19$m=256,t=3,p=1$" + without_padding(to_base64(salt)) + "$" +
                              without_padding(to_base64(reveal_bytes(key.value(), Purpose::DeriveKey)));
  EXPECT_EQ(crypto_pwhash_str_verify(encoded.c_str(), "password", 8), 0);
}

TEST(Argon2id, every_input_matters) {
  const Bytes salt(16, std::byte{1}), other(16, std::byte{2});
  const std::string key = shown(argon2id(words("a"), salt, 64, 1).value());
  EXPECT_EQ(shown(argon2id(words("a"), salt, 64, 1).value()), key);
  EXPECT_NE(shown(argon2id(words("b"), salt, 64, 1).value()), key);
  EXPECT_NE(shown(argon2id(words(""), salt, 64, 1).value()), key);
  EXPECT_NE(shown(argon2id(words("a"), other, 64, 1).value()), key);
  EXPECT_NE(shown(argon2id(words("a"), salt, 65 + 7, 1).value()), key);
  EXPECT_NE(shown(argon2id(words("a"), salt, 64, 2).value()), key);
}

TEST(X25519, agrees_with_rfc_7748) {
  const auto scalar = secret_of<DataKey>(hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"));
  const Bytes point = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
  EXPECT_EQ(shown(x25519_shared(scalar, point).value()),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

TEST(X25519, both_sides_agree) {
  SeededEntropy entropy;
  const X25519Pair a = x25519_generate(entropy), b = x25519_generate(entropy);
  EXPECT_FALSE(equal(a.public_key, b.public_key));
  EXPECT_EQ(shown(x25519_shared(a.private_key, b.public_key).value()),
            shown(x25519_shared(b.private_key, a.public_key).value()));
}

TEST(X25519, a_public_key_of_low_order_or_wrong_length_is_refused) {
  SeededEntropy entropy;
  const X25519Pair pair = x25519_generate(entropy);
  Bytes one(32, std::byte{0});
  EXPECT_EQ(x25519_shared(pair.private_key, one).error().code(), Code::KeyMissing);
  one[0] = std::byte{1};
  EXPECT_EQ(x25519_shared(pair.private_key, one).error().code(), Code::KeyMissing);
  EXPECT_EQ(x25519_shared(pair.private_key, Bytes(31)).error().code(), Code::Invalid);
}

// `openssl genpkey -algorithm X25519`, and `openssl pkey -pubout` of it.
constexpr std::string_view identity_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIPjRyAoPkv9Ijppl/whDfmYFQCJJO/L+EXPvxg0nz+1u\n"
    "-----END PRIVATE KEY-----\n";
constexpr std::string_view ed25519_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA1/8N+NWLnhzsugyMMvvKThzMlRkiXIr/Axv0oU55o3U=\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view recipient_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VuAyEAaDHtwyf/p23Wly2nNuY1ThJQitWofH2/5nQWLGTSuWg=\n"
    "-----END PUBLIC KEY-----\n";

TEST(X25519, reads_the_pem_files_that_openssl_writes) {
  const X25519Pair pair = x25519_pair_from_pem(words(identity_pem)).value();
  EXPECT_TRUE(equal(x25519_public_from_pem(recipient_pem).value(), pair.public_key));
  EXPECT_TRUE(equal(x25519_public_from_pem(identity_pem).value(), pair.public_key));
}

TEST(X25519, other_text_is_invalid) {
  EXPECT_EQ(x25519_pair_from_pem(words("")).error().code(), Code::Invalid);
  EXPECT_EQ(x25519_pair_from_pem(words(recipient_pem)).error().code(), Code::Invalid);
  EXPECT_EQ(x25519_public_from_pem("x").error().code(), Code::Invalid);
  EXPECT_EQ(x25519_public_from_pem(ed25519_pem).error().code(), Code::Invalid);
}

}  // namespace
}  // namespace hf
