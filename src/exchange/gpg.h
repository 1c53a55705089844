// Gpg: OpenPGP messages made and opened by the stock gpg, with the operator's own keyring.
//
// gpg is given bytes on standard input and gives bytes on standard output: nothing is written on the way. Keys stay in
// its agent; a passphrase is asked for by the agent or read by gpg itself from the operator's file, and never seen
// here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_range.h"
#include "base/clock.h"
#include "sys/process.h"

namespace hf {

struct GpgOptions {
  std::map<std::string, std::string> environment;  // HOME, GNUPGHOME, …
  std::string home;                                // "": gpg's default
  std::string passphrase_file;                     // "": the agent asks
  std::vector<std::string> recipients;             // to encrypt to
  std::string signer;                              // "": gpg's default key
};

// Encrypts to the recipients and signs what `feed` gives; `put` gets the message. KeyMissing: a recipient's key or the
// signer's cannot be used. gpg decides whom a name belongs to by its trust in keys; a whole fingerprint needs no trust.
Status gpg_encrypt(Process& process, const GpgOptions& options,
                   const std::function<Status(const ProcessInput& give)>& feed,
                   const std::function<Status(BytesView)>& put, const Deadline& deadline, std::stop_token stop);

struct GpgSignature {
  std::string fingerprint;  // of the key that signed; 40 hex digits, upper case
  std::string primary;      // of the primary key that it belongs to
  bool is_trusted = false;  // fully or ultimately, in gpg's judgement
};

struct GpgOpened {
  std::optional<GpgSignature> signature;  // good; nothing: the message is not signed
  bool was_encrypted = false;
};

// Decrypts `message`; `put` gets what is in it, of which nothing may be believed before this returns. KeyMissing: no
// key opens it, or its signature is bad, expired, revoked, or by a key that is not in the keyring. Corrupt: it is
// damaged.
Result<GpgOpened> gpg_open(Process& process, const GpgOptions& options, const ByteRange& message,
                           const std::function<Status(BytesView)>& put, const Deadline& deadline, std::stop_token stop);

bool looks_like_openpgp(BytesView first);
bool is_fingerprint(const std::string& text);

// What gpg says on its status descriptor, line by line; for tests.
Result<GpgOpened> judge_gpg_status(const std::string& status, int exit_status);

}  // namespace hf
