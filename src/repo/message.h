// Protobuf messages to and from bytes, in the one encoding that the format allows.
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

// Corrupt unless `bytes` parse and are exactly what encode_message would give again: no unknown fields, one spelling.
template <typename Message>
Result<Message> decode_message(BytesView bytes, const char* what) {
  Message message;
  if (bytes.size() > INT32_MAX || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error(Code::Corrupt, std::string(what) + " cannot be decoded");
  message.DiscardUnknownFields();
  if (!equal(encode_message(message), bytes))
    return Error(Code::Corrupt, std::string(what) + " is not in canonical form");
  return message;
}

}  // namespace hf
