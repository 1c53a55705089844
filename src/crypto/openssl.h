// What the files that wrap OpenSSL share: owners for its objects, and reading of keys.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace hf {

struct OpensslFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Pkey = std::unique_ptr<EVP_PKEY, OpensslFree>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree>;

// What went wrong within OpenSSL is told by our own errors; its queue must not pile up on a thread.
class OpensslErrors {
 public:
  OpensslErrors() = default;
  ~OpensslErrors() { ERR_clear_error(); }
  OpensslErrors(const OpensslErrors&) = delete;
  OpensslErrors& operator=(const OpensslErrors&) = delete;
};

// Null if it is not one. Never asks for a password: an encrypted key is refused.
Pkey public_key_from_pem(std::string_view pem);
Pkey private_key_from_pem(BytesView pem);
// Null unless the whole of `raw` is a key of that type (EVP_PKEY_ED25519, EVP_PKEY_X25519).
Pkey private_key_from_raw(int type, BytesView raw);
Pkey public_key_from_raw(int type, BytesView raw);
// Requires: a key of a type with raw public keys of 32 bytes.
Bytes raw_public_key(const EVP_PKEY& key);

}  // namespace hf
