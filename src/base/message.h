// Protobuf messages to and from bytes, in the one encoding that the format allows (docs/FORMAT.md, conventions).
#pragma once

#include <google/protobuf/message.h>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

template <typename Message>
Bytes encode_message(const Message& message) {
  Bytes bytes(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

// In whatever spelling: for who compares with what its own encoder writes.
template <typename Message>
Result<Message> parse_message(BytesView bytes, const char* what) {
  Message message;
  if (bytes.size() > INT32_MAX || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error(Code::Corrupt, std::string(what) + " cannot be decoded");
  message.DiscardUnknownFields();  // protobuf would keep them, and write them again
  return message;
}

// Corrupt unless `bytes` are `again`: what was decoded from them, encoded.
inline Status expect_canonical(BytesView again, BytesView bytes, const char* what) {
  if (equal(again, bytes)) return {};
  return Error(Code::Corrupt, std::string(what) + " is not in canonical form");
}

// Corrupt unless `bytes` parse and are exactly what encode_message would give again: no unknown fields, one spelling.
template <typename Message>
Result<Message> decode_message(BytesView bytes, const char* what) {
  Message message = HF_TRY(parse_message<Message>(bytes, what));
  HF_TRY(expect_canonical(encode_message(message), bytes, what));
  return message;
}

}  // namespace hf
