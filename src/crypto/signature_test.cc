#include "crypto/signature.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/openssl.h"
#include "crypto/wipe.h"
#include "support/seeded_entropy.h"

namespace hf {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

Passphrase pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, OpensslFree> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return Passphrase::take(std::vector<unsigned char>(text, text + length));
}

Passphrase make_pem(std::string_view algorithm) {
  EVP_PKEY* key = nullptr;
  if (algorithm == signature_ed25519) key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (algorithm == signature_ecdsa) key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  if (algorithm == signature_rsa) key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048});
  return pem_of(Pkey(key).get());
}

class Signatures : public testing::TestWithParam<std::string_view> {
 protected:
  const Signer signer_ = Signer::from_pem(make_pem(GetParam())).value();
  const Bytes message_ = to_bytes("holdfast manifest 1\n");
};

TEST_P(Signatures, sign_and_verify_across_every_form_of_the_key) {
  EXPECT_EQ(signer_.verifier().algorithm(), GetParam());
  const Signer again = Signer::from_der(signer_.private_der()).value();
  const Bytes signature = again.sign(message_).value();
  EXPECT_TRUE(signer_.verifier().verify(message_, signature).ok());
  EXPECT_TRUE(Verifier::from_der(signer_.verifier().der()).value().verify(message_, signature).ok());
  EXPECT_TRUE(Verifier::from_pem(signer_.verifier().pem()).value().verify(message_, signature).ok());
  EXPECT_EQ(again.verifier().key_id(), signer_.verifier().key_id());
  EXPECT_EQ(again.verifier().key_id().size(), 32U);
}

TEST_P(Signatures, every_flipped_bit_of_message_and_signature_is_refused) {
  const Bytes signature = signer_.sign(message_).value();
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Bytes wrong = signature;
    wrong[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_EQ(signer_.verifier().verify(message_, wrong).error().code(), Code::KeyMissing);
  }
  for (size_t bit = 0; bit < message_.size() * 8; ++bit) {
    Bytes wrong = message_;
    wrong[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_EQ(signer_.verifier().verify(wrong, signature).error().code(), Code::KeyMissing);
  }
  EXPECT_FALSE(signer_.verifier().verify(message_, {}).ok());
  EXPECT_FALSE(Signer::from_pem(make_pem(GetParam())).value().verifier().verify(message_, signature).ok());
}

// The calls that `openssl pkeyutl -verify -rawin` and `openssl dgst -verify` make, with the options in docs/FORMAT.md.
TEST_P(Signatures, verify_with_the_library_alone) {
  const Bytes signature = signer_.sign(message_).value();
  const Pkey key = public_key_from_pem(signer_.verifier().pem());
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  const char* digest = GetParam() == signature_ed25519 ? nullptr : "SHA256";
  ASSERT_EQ(EVP_DigestVerifyInit_ex(context.get(), &options, digest, nullptr, nullptr, key.get(), nullptr), 1);
  if (GetParam() == signature_rsa) {
    ASSERT_EQ(EVP_PKEY_CTX_ctrl_str(options, "rsa_padding_mode", "pss"), 1);
    ASSERT_EQ(EVP_PKEY_CTX_ctrl_str(options, "rsa_pss_saltlen", "digest"), 1);
  }
  EXPECT_EQ(EVP_DigestVerify(context.get(), as_uchar(signature), signature.size(), as_uchar(message_), message_.size()),
            1);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Signatures, testing::Values(signature_ed25519, signature_ecdsa, signature_rsa));

TEST(Signer, ed25519_agrees_with_rfc_8032) {
  const Bytes der =
      hex("302e020100300506032b657004220420"
          "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const Signer signer = Signer::from_der(Wiped(der).to_secret<PrivateKeyDer>()).value();
  EXPECT_EQ(to_hex(signer.verifier().der()).substr(24),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(to_hex(signer.sign({}).value()),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0"
            "595bbe24655141438e7a100b");
}

TEST(Signer, generated_keys_come_from_the_entropy_given) {
  SeededEntropy first(1), same(1), other(2);
  const std::string id = Signer::generate_ed25519(first).verifier().key_id();
  EXPECT_EQ(Signer::generate_ed25519(same).verifier().key_id(), id);
  EXPECT_NE(Signer::generate_ed25519(other).verifier().key_id(), id);
}

TEST(Signer, keys_of_other_kinds_are_invalid) {
  const auto refused = [](EVP_PKEY* made) {
    const Pkey key(made);
    const Result<Signer> signer = Signer::from_pem(pem_of(key.get()));
    return !signer.ok() && signer.error().code() == Code::Invalid;
  };
  EXPECT_TRUE(refused(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{1024})));
  EXPECT_TRUE(refused(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")));
  EXPECT_TRUE(refused(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")));
  EXPECT_TRUE(refused(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")));
  EXPECT_EQ(Verifier::from_pem("-----BEGIN PUBLIC KEY-----\n").error().code(), Code::Invalid);
}

TEST(Signer, an_encrypted_pem_is_refused_without_asking_anybody) {
  const Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const std::unique_ptr<BIO, OpensslFree> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), "word", 4, nullptr, nullptr);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  const auto pem = Passphrase::take(std::vector<unsigned char>(text, text + length));
  EXPECT_EQ(Signer::from_pem(pem).error().code(), Code::Invalid);
}

TEST(Verifier, der_with_bytes_behind_it_or_cut_short_is_invalid) {
  SeededEntropy entropy;
  Bytes der = Signer::generate_ed25519(entropy).verifier().der();
  EXPECT_FALSE(Verifier::from_der(BytesView(der).first(der.size() - 1)).ok());
  der.push_back(std::byte{0});
  EXPECT_FALSE(Verifier::from_der(der).ok());
  EXPECT_FALSE(Verifier::from_der({}).ok());
}

}  // namespace
}  // namespace hf
