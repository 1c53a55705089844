#include "crypto/signature.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/entropy.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/wipe.h"

namespace hf {
namespace {

constexpr int rsa_bits_min = 2048;
constexpr int rsa_bits_max = 8192;  // beyond, one verification takes long enough to be an attack
constexpr size_t p256_der_bytes = 91;
constexpr size_t key_der_bytes_max = 16 << 10;

Bytes public_der(const EVP_PKEY& key) {
  unsigned char* raw = nullptr;
  const int length = i2d_PUBKEY(&key, &raw);
  HF_ASSERT(length > 0);
  Bytes der = to_bytes(std::as_bytes(std::span(raw, static_cast<size_t>(length))));
  OPENSSL_free(raw);
  return der;
}

// The named curve with an uncompressed point has one length; explicit parameters and compressed points have others.
bool is_p256(const EVP_PKEY& key) {
  char group[32] = "";
  size_t length = 0;
  return EVP_PKEY_get_group_name(&key, group, sizeof group, &length) == 1 && std::string_view(group) == "prime256v1" &&
         public_der(key).size() == p256_der_bytes;
}

// Invalid for kinds of key that we do not sign with.
Result<std::string_view> algorithm_of(const EVP_PKEY* key) {
  if (key == nullptr) return Error(Code::Invalid, "not a key in a form that openssl writes");
  const int type = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);
  if (type == EVP_PKEY_ED25519) return signature_ed25519;
  if (type == EVP_PKEY_EC && is_p256(*key)) return signature_ecdsa;
  if (type == EVP_PKEY_RSA && bits >= rsa_bits_min && bits <= rsa_bits_max) return signature_rsa;
  return Error(Code::Invalid, "key is none of Ed25519, EC P-256 and RSA of 2048 to 8192 bits")
      .with_hint("make one: openssl genpkey -algorithm ed25519 -out signer.pem");
}

// What holds for signing and for verifying alike. Null for Ed25519, which hashes by itself.
const EVP_MD* digest_of(std::string_view algorithm) {
  return algorithm == signature_ed25519 ? nullptr : EVP_sha256();
}

bool set_padding(EVP_PKEY_CTX* context, std::string_view algorithm) {
  if (algorithm != signature_rsa) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

DigestContext make_digest_context() {
  DigestContext context(EVP_MD_CTX_new());
  HF_ASSERT(context != nullptr);
  return context;
}

}  // namespace

struct Verifier::State {
  Pkey key;
  std::string_view algorithm;
};

Verifier::Verifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

Result<Verifier> Verifier::from_der(BytesView subject_public_key_info) {
  const OpensslErrors errors;
  if (subject_public_key_info.size() > key_der_bytes_max) return Error(Code::Invalid, "public key is too long");
  const unsigned char* at = as_uchar(subject_public_key_info);
  Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(subject_public_key_info.size())));
  const std::string_view algorithm = HF_TRY(algorithm_of(key.get()));
  // A key has one DER and so one key id.
  if (!equal(public_der(*key), subject_public_key_info)) return Error(Code::Invalid, "public key is not in DER");
  return Verifier(std::make_unique<State>(State{std::move(key), algorithm}));
}

Result<Verifier> Verifier::from_pem(std::string_view pem) {
  const OpensslErrors errors;
  Pkey key = public_key_from_pem(pem);
  const std::string_view algorithm = HF_TRY(algorithm_of(key.get()));
  return Verifier(std::make_unique<State>(State{std::move(key), algorithm}));
}

std::string_view Verifier::algorithm() const {
  return state_->algorithm;
}

Bytes Verifier::der() const {
  return public_der(*state_->key);
}

std::string Verifier::pem() const {
  const std::unique_ptr<BIO, OpensslFree> out(BIO_new(BIO_s_mem()));
  HF_ASSERT(out != nullptr);
  HF_ASSERT(PEM_write_bio_PUBKEY(out.get(), state_->key.get()) == 1);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<size_t>(length));
}

std::string Verifier::key_id() const {
  return sha256(der()).hex().substr(0, 32);
}

Status Verifier::verify(BytesView message, BytesView signature) const {
  const OpensslErrors errors;
  const DigestContext context = make_digest_context();
  EVP_PKEY_CTX* parameters = nullptr;  // belongs to `context`
  HF_ASSERT(
      EVP_DigestVerifyInit(context.get(), &parameters, digest_of(state_->algorithm), nullptr, state_->key.get()) == 1);
  HF_ASSERT(set_padding(parameters, state_->algorithm));
  if (EVP_DigestVerify(context.get(), as_uchar(signature), signature.size(), as_uchar(message), message.size()) != 1) {
    return Error(Code::KeyMissing, "signature invalid");
  }
  return {};
}

struct Signer::State {
  Pkey key;
  Verifier verifier;

  // Invalid unless the two halves of the key belong together, so that nothing is ever signed that nobody can verify.
  static Result<Signer> make(Pkey key) {
    const std::string_view algorithm = HF_TRY(algorithm_of(key.get()));
    EVP_PKEY_up_ref(key.get());
    Verifier verifier(std::make_unique<Verifier::State>(Verifier::State{Pkey(key.get()), algorithm}));
    Signer signer(std::make_unique<State>(State{std::move(key), std::move(verifier)}));
    const BytesView probe = as_bytes("holdfast probe");
    const Bytes signature = HF_TRY(signer.sign(probe));
    if (!signer.verifier().verify(probe, signature).ok()) {
      return Error(Code::Invalid, "private key does not belong to its public key");
    }
    return signer;
  }
};

Signer::Signer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

Signer Signer::generate_ed25519(Entropy& entropy) {
  const Wiped seed(entropy.bytes(32));
  return State::make(private_key_from_raw(EVP_PKEY_ED25519, seed.view())).value();
}

Result<Signer> Signer::from_der(const PrivateKeyDer& pkcs8) {
  const OpensslErrors errors;
  const auto der = pkcs8.reveal(Purpose::Sign);
  if (der.size() > key_der_bytes_max) return Error(Code::Invalid, "private key is too long");
  const unsigned char* at = der.data();
  PKCS8_PRIV_KEY_INFO* info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size()));
  const bool is_whole = info != nullptr && at == der.data() + der.size();
  Pkey key(is_whole ? EVP_PKCS82PKEY(info) : nullptr);
  PKCS8_PRIV_KEY_INFO_free(info);  // wipes it
  return State::make(std::move(key));
}

Result<Signer> Signer::from_pem(const Passphrase& pem_text) {
  const OpensslErrors errors;
  return State::make(private_key_from_pem(reveal_bytes(pem_text, Purpose::Sign)));
}

const Verifier& Signer::verifier() const {
  return state_->verifier;
}

PrivateKeyDer Signer::private_der() const {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(state_->key.get());
  HF_ASSERT(info != nullptr);
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info, nullptr);
  HF_ASSERT(length > 0);
  std::vector<unsigned char> der(static_cast<size_t>(length));
  unsigned char* at = der.data();
  HF_ASSERT(i2d_PKCS8_PRIV_KEY_INFO(info, &at) == length);
  PKCS8_PRIV_KEY_INFO_free(info);
  return PrivateKeyDer::take(std::move(der));
}

Result<Bytes> Signer::sign(BytesView message) const {
  const OpensslErrors errors;
  const DigestContext context = make_digest_context();
  const std::string_view algorithm = verifier().algorithm();
  EVP_PKEY_CTX* parameters = nullptr;  // belongs to `context`
  Bytes signature(static_cast<size_t>(EVP_PKEY_get_size(state_->key.get())));
  size_t length = signature.size();
  if (EVP_DigestSignInit(context.get(), &parameters, digest_of(algorithm), nullptr, state_->key.get()) != 1 ||
      !set_padding(parameters, algorithm) ||
      EVP_DigestSign(context.get(), as_uchar(BytesSpan(signature)), &length, as_uchar(message), message.size()) != 1) {
    return Error(Code::Failed, "signing failed");
  }
  signature.resize(length);
  return signature;
}

}  // namespace hf
