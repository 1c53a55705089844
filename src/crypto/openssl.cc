#include "crypto/openssl.h"

#include <openssl/pem.h>

#include "base/result.h"

namespace hf {
namespace {

constexpr size_t pem_bytes_max = 64 << 10;

// Without this, OpenSSL would ask on the terminal.
int refuse_password(char*, int, int, void*) {
  return -1;
}

// Reads in place: no copy of a private key is made here.
std::unique_ptr<BIO, OpensslFree> reader_of(BytesView bytes) {
  if (bytes.empty() || bytes.size() > pem_bytes_max) return nullptr;
  return std::unique_ptr<BIO, OpensslFree>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

}  // namespace

Pkey public_key_from_pem(std::string_view pem) {
  const OpensslErrors errors;
  const auto reader = reader_of(as_bytes(pem));
  return Pkey(reader ? PEM_read_bio_PUBKEY(reader.get(), nullptr, refuse_password, nullptr) : nullptr);
}

Pkey private_key_from_pem(BytesView pem) {
  const OpensslErrors errors;
  const auto reader = reader_of(pem);
  return Pkey(reader ? PEM_read_bio_PrivateKey(reader.get(), nullptr, refuse_password, nullptr) : nullptr);
}

Pkey private_key_from_raw(int type, BytesView raw) {
  const OpensslErrors errors;
  return Pkey(EVP_PKEY_new_raw_private_key(type, nullptr, as_uchar(raw), raw.size()));
}

Pkey public_key_from_raw(int type, BytesView raw) {
  const OpensslErrors errors;
  return Pkey(EVP_PKEY_new_raw_public_key(type, nullptr, as_uchar(raw), raw.size()));
}

Bytes raw_public_key(const EVP_PKEY& key) {
  Bytes raw(32);
  size_t length = raw.size();
  HF_ASSERT(EVP_PKEY_get_raw_public_key(&key, as_uchar(BytesSpan(raw)), &length) == 1);
  HF_ASSERT(length == raw.size());
  return raw;
}

}  // namespace hf
