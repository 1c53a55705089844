// Signatures that a stock openssl verifies: Ed25519 (RFC 8032), ECDSA P-256 with SHA-256, RSA-PSS with SHA-256.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace hf {

class Entropy;

inline constexpr std::string_view signature_ed25519 = "ed25519";
inline constexpr std::string_view signature_ecdsa = "ecdsa-p256-sha256";
inline constexpr std::string_view signature_rsa = "rsa-pss-sha256";

using PrivateKeyDer = Secret<struct PrivateKeyDerTag>;  // PKCS#8

// A public key. Safe to use from several threads.
class Verifier {
 public:
  static Result<Verifier> from_der(BytesView subject_public_key_info);
  static Result<Verifier> from_pem(std::string_view pem);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  std::string_view algorithm() const;
  Bytes der() const;
  std::string pem() const;
  std::string key_id() const;  // first 32 hex of SHA-256 of der()
  // KeyMissing ("signature invalid") unless `signature` is by this key over exactly `message`.
  Status verify(BytesView message, BytesView signature) const;

 private:
  friend class Signer;
  struct State;
  explicit Verifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Signer {
 public:
  static Signer generate_ed25519(Entropy& entropy);
  static Result<Signer> from_der(const PrivateKeyDer& pkcs8);
  // PEM as `openssl genpkey` writes it (Ed25519, EC P-256, RSA of at least 2048 bits), unencrypted. Invalid otherwise.
  static Result<Signer> from_pem(const Passphrase& pem_text);
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  const Verifier& verifier() const;
  PrivateKeyDer private_der() const;
  Result<Bytes> sign(BytesView message) const;

 private:
  struct State;
  explicit Signer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hf
