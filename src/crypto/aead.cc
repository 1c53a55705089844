#include "crypto/aead.h"

#include <openssl/crypto.h>

#include <limits>

#include "crypto/openssl.h"

namespace hf {
namespace {

// One call of EVP takes an int.
constexpr size_t message_bytes_max = std::numeric_limits<int>::max() - aead_tag_bytes;

const EVP_CIPHER* method() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  HF_ASSERT(fetched != nullptr);
  return fetched;
}

enum class Direction : int { Open = 0, Seal = 1 };

// The key schedule stays from the constructor; only the nonce is new.
void begin(EVP_CIPHER_CTX* context, Direction direction, const Nonce& nonce, BytesView aad) {
  const unsigned char* iv = as_uchar(BytesView(nonce));
  HF_ASSERT(EVP_CipherInit_ex2(context, nullptr, nullptr, iv, static_cast<int>(direction), nullptr) == 1);
  HF_ASSERT(aad.size() <= message_bytes_max);
  int written = 0;
  if (aad.empty()) return;
  HF_ASSERT(EVP_CipherUpdate(context, nullptr, &written, as_uchar(aad), static_cast<int>(aad.size())) == 1);
}

void pass(EVP_CIPHER_CTX* context, BytesView from, std::byte* to) {
  if (from.empty()) return;
  int written = 0;
  const int length = static_cast<int>(from.size());
  HF_ASSERT(EVP_CipherUpdate(context, reinterpret_cast<unsigned char*>(to), &written, as_uchar(from), length) == 1);
  HF_ASSERT(written == length);
}

}  // namespace

struct Aead::State {
  std::unique_ptr<EVP_CIPHER_CTX, OpensslFree> context;
};

Aead::Aead(BytesView key) : state_(std::make_unique<State>()) {
  HF_ASSERT(key.size() == 32);
  state_->context.reset(EVP_CIPHER_CTX_new());
  HF_ASSERT(state_->context != nullptr);
  HF_ASSERT(EVP_CipherInit_ex2(state_->context.get(), method(), as_uchar(key), nullptr, 1, nullptr) == 1);
}

Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const Nonce& nonce, BytesView aad, BytesView plain, Bytes& out) {
  HF_ASSERT(plain.size() <= message_bytes_max);
  EVP_CIPHER_CTX* const context = state_->context.get();
  begin(context, Direction::Seal, nonce, aad);
  const size_t before = out.size();
  out.resize(before + plain.size() + aead_tag_bytes);
  std::byte* const to = out.data() + before;
  pass(context, plain, to);
  int written = 0;
  unsigned char unused[aead_tag_bytes];
  HF_ASSERT(EVP_CipherFinal_ex(context, unused, &written) == 1);
  HF_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, aead_tag_bytes, to + plain.size()) == 1);
}

Result<Bytes> Aead::open(const Nonce& nonce, BytesView aad, BytesView sealed) {
  Bytes plain;
  HF_TRY(open_into(nonce, aad, sealed, plain));
  return plain;
}

Status Aead::open_into(const Nonce& nonce, BytesView aad, BytesView sealed, Bytes& plain) {
  const OpensslErrors errors;
  if (sealed.size() < aead_tag_bytes) return Error(Code::Corrupt, "sealed bytes are shorter than their tag");
  if (sealed.size() > message_bytes_max) return Error(Code::Corrupt, "sealed bytes are too long to be ours");
  EVP_CIPHER_CTX* const context = state_->context.get();
  begin(context, Direction::Open, nonce, aad);
  const BytesView cipher = sealed.first(sealed.size() - aead_tag_bytes);
  plain.resize(cipher.size());
  pass(context, cipher, plain.data());
  std::array<std::byte, aead_tag_bytes> tag;
  std::memcpy(tag.data(), sealed.data() + cipher.size(), tag.size());
  HF_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, aead_tag_bytes, tag.data()) == 1);
  int written = 0;
  unsigned char unused[aead_tag_bytes];
  if (EVP_CipherFinal_ex(context, unused, &written) != 1) {
    OPENSSL_cleanse(plain.data(), plain.size());  // nobody may see bytes that are not authentic
    plain.clear();
    return Error(Code::Corrupt, "sealed bytes fail authentication");
  }
  return {};
}

}  // namespace hf
