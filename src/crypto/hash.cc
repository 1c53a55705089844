#include "crypto/hash.h"

#include <blake3.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "base/result.h"
#include "crypto/openssl.h"

namespace hf {
namespace {

constexpr size_t hkdf_bytes_max = 255 * 32;

// Fetching an algorithm costs more than hashing a page, so each is fetched once and kept for the life of the process.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  HF_ASSERT(method != nullptr);
  return method;
}

// An HMAC context that lacks only its key; callers copy it, which fetches nothing.
const EVP_MAC_CTX* hmac_template() {
  static const EVP_MAC_CTX* const made = [] {
    EVP_MAC* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    HF_ASSERT(method != nullptr);
    EVP_MAC_CTX* context = EVP_MAC_CTX_new(method);
    EVP_MAC_free(method);
    HF_ASSERT(context != nullptr);
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    HF_ASSERT(EVP_MAC_CTX_set_params(context, params) == 1);
    return context;
  }();
  return made;
}

EVP_KDF* hkdf_method() {
  static EVP_KDF* const method = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  HF_ASSERT(method != nullptr);
  return method;
}

OSSL_PARAM octets(const char* name, BytesView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(bytes.data()), bytes.size());
}

}  // namespace

struct Blake3::State {
  blake3_hasher hasher;
};

Blake3::Blake3() : state_(std::make_unique<State>()) {
  blake3_hasher_init(&state_->hasher);
}

Blake3::Blake3(const Key32& key) : state_(std::make_unique<State>()) {
  blake3_hasher_init_keyed(&state_->hasher, as_uchar(BytesView(key)));
}

Blake3::~Blake3() {
  if (state_) OPENSSL_cleanse(state_.get(), sizeof *state_);  // it holds the key
}

Blake3::Blake3(Blake3&&) noexcept = default;
Blake3& Blake3::operator=(Blake3&&) noexcept = default;

void Blake3::update(BytesView bytes) {
  blake3_hasher_update(&state_->hasher, bytes.data(), bytes.size());
}

std::array<std::byte, 32> Blake3::finish() const {
  std::array<std::byte, 32> out;
  blake3_hasher_finalize(&state_->hasher, as_uchar(BytesSpan(out)), out.size());
  return out;
}

// On the stack and not through Blake3: these run once per chunk and piece.
std::array<std::byte, 32> blake3(BytesView bytes) {
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  std::array<std::byte, 32> out;
  blake3_hasher_finalize(&hasher, as_uchar(BytesSpan(out)), out.size());
  return out;
}

std::array<std::byte, 32> blake3_keyed(const Key32& key, BytesView bytes) {
  blake3_hasher hasher;
  blake3_hasher_init_keyed(&hasher, as_uchar(BytesView(key)));
  blake3_hasher_update(&hasher, bytes.data(), bytes.size());
  std::array<std::byte, 32> out;
  blake3_hasher_finalize(&hasher, as_uchar(BytesSpan(out)), out.size());
  return out;
}

Sha256 sha256(BytesView bytes) {
  Sha256Stream stream;
  stream.update(bytes);
  return stream.finish();
}

struct Sha256Stream::State {
  DigestContext context;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  state_->context.reset(EVP_MD_CTX_new());
  HF_ASSERT(state_->context != nullptr);
  HF_ASSERT(EVP_DigestInit_ex2(state_->context.get(), sha256_method(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::update(BytesView bytes) {
  HF_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 out;
  HF_ASSERT(EVP_DigestFinal_ex(state_->context.get(), as_uchar(BytesSpan(out.bytes)), nullptr) == 1);
  return out;
}

Sha256 hmac_sha256(BytesView key, BytesView bytes) {
  const std::unique_ptr<EVP_MAC_CTX, OpensslFree> context(EVP_MAC_CTX_dup(hmac_template()));
  HF_ASSERT(context != nullptr);
  // A null key would mean "the key of before": an empty one must point somewhere.
  const unsigned char* key_begin = key.empty() ? reinterpret_cast<const unsigned char*>("") : as_uchar(key);
  HF_ASSERT(EVP_MAC_init(context.get(), key_begin, key.size(), nullptr) == 1);
  HF_ASSERT(EVP_MAC_update(context.get(), as_uchar(bytes), bytes.size()) == 1);
  Sha256 out;
  size_t length = 0;
  HF_ASSERT(EVP_MAC_final(context.get(), as_uchar(BytesSpan(out.bytes)), &length, out.bytes.size()) == 1);
  HF_ASSERT(length == out.bytes.size());
  return out;
}

bool equal_secret(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Bytes hkdf(BytesView secret, BytesView salt, std::string_view info, size_t length) {
  HF_ASSERT(length > 0);
  HF_ASSERT(length <= hkdf_bytes_max);
  HF_ASSERT(!secret.empty());
  const std::unique_ptr<EVP_KDF_CTX, OpensslFree> context(EVP_KDF_CTX_new(hkdf_method()));
  HF_ASSERT(context != nullptr);
  char digest[] = "SHA256";
  OSSL_PARAM params[5] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                          octets(OSSL_KDF_PARAM_KEY, secret)};
  // OpenSSL 3.0 refuses empty ones instead of taking them for absent.
  size_t count = 2;
  if (!salt.empty()) params[count++] = octets(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) params[count++] = octets(OSSL_KDF_PARAM_INFO, as_bytes(info));
  params[count] = OSSL_PARAM_construct_end();
  Bytes out(length);
  HF_ASSERT(EVP_KDF_derive(context.get(), as_uchar(BytesSpan(out)), out.size(), params) == 1);
  return out;
}

}  // namespace hf
