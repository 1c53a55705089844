// Canonical protobuf encoding (docs/FORMAT.md, conventions): whatever re-encodes to other bytes is refused.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

// `Message` is a generated message; for .cc files that include its header.
template <typename Message>
std::string encode_canonical(const Message& message) {
  std::string bytes;
  HF_ASSERT(message.SerializeToString(&bytes));
  return bytes;
}

// False unless `bytes` are the canonical encoding of a message. Requires: the caller has bounded their size.
template <typename Message>
bool decode_canonical(BytesView bytes, Message& message) {
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  message.DiscardUnknownFields();  // protobuf would keep them, and write them again
  return encode_canonical(message) == as_text(bytes);
}

}  // namespace hf
