// Secret<Tag>: bytes that no log line, report, JSON document or error can hold.
//
// There is no copy, no comparison, no formatter and no stream operator. The one way to the bytes is
// reveal(), which names its purpose, so `git grep 'reveal('` is the full list of places where a
// secret leaves its box. The memory is wiped when the Secret dies.
#pragma once

#include <string.h>
#include <strings.h>

#include <ostream>
#include <span>
#include <utility>
#include <vector>

namespace hf {

enum class Purpose { DeriveKey, Decrypt, Sign, Authenticate, PassToChild };

template <typename Tag>
class Secret {
 public:
  // Takes the bytes and leaves the source empty and wiped.
  static Secret take(std::vector<unsigned char>&& bytes) {
    Secret secret;
    secret.bytes_.swap(bytes);
    return secret;
  }

  Secret(Secret&& other) noexcept { bytes_.swap(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    wipe();
    bytes_.swap(other.bytes_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  std::span<const unsigned char> reveal(Purpose) const { return bytes_; }
  size_t size() const { return bytes_.size(); }

 private:
  Secret() = default;
  void wipe() noexcept {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
    bytes_.clear();
  }

  std::vector<unsigned char> bytes_;
};

template <typename Tag>
std::ostream& operator<<(std::ostream&, const Secret<Tag>&) = delete;

using Passphrase = Secret<struct PassphraseTag>;
using DataKey = Secret<struct DataKeyTag>;
using Credential = Secret<struct CredentialTag>;

}  // namespace hf
