// Wiped: bytes on their way into a Secret or a cipher, cleared when they go out of scope.
#pragma once

#include <strings.h>

#include "base/bytes.h"
#include "base/secret.h"

namespace hf {

class Wiped {
 public:
  explicit Wiped(Bytes bytes) : bytes_(std::move(bytes)) {}
  ~Wiped() {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

  BytesView view() const { return bytes_; }
  template <typename SecretType>
  SecretType to_secret() const {
    const unsigned char* begin = as_uchar(BytesView(bytes_));
    return SecretType::take(std::vector<unsigned char>(begin, begin + bytes_.size()));
  }

 private:
  Bytes bytes_;
};

template <typename Tag>
BytesView reveal_bytes(const Secret<Tag>& secret, Purpose purpose) {
  return std::as_bytes(secret.reveal(purpose));
}

}  // namespace hf
