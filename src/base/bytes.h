// Bytes: owned and viewed byte sequences, and the few conversions everyone needs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hf {

// A vector that leaves its elements uninitialised on resize(): buffers of megabytes are filled by
// read(2) or a codec right after, and clearing them first costs as much as hashing them.
template <typename T>
struct UninitializedAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <typename U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <typename U, typename... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};

using Bytes = std::vector<std::byte, UninitializedAllocator<std::byte>>;
using BytesView = std::span<const std::byte>;
using BytesSpan = std::span<std::byte>;

inline BytesView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline const unsigned char* as_uchar(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* as_uchar(BytesSpan bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
// By memcpy: a vector with an allocator of its own copies element by element.
inline void append(Bytes& to, BytesView more) {
  const size_t at = to.size();
  to.resize(at + more.size());
  if (!more.empty()) std::memcpy(to.data() + at, more.data(), more.size());
}
inline Bytes to_bytes(BytesView bytes) {
  Bytes copy;
  append(copy, bytes);
  return copy;
}
inline Bytes to_bytes(std::string_view text) {
  return to_bytes(as_bytes(text));
}
inline std::string to_text(BytesView bytes) {
  return std::string(as_text(bytes));
}
inline bool equal(BytesView a, BytesView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string to_hex(BytesView bytes);
// Nothing unless `text` is an even number of lower-case hex digits.
std::optional<Bytes> from_hex(std::string_view text);
std::string to_base64(BytesView bytes);
std::optional<Bytes> from_base64(std::string_view text);

// Little-endian, in place.
template <typename T>
void store_le(std::byte* at, T value) {
  static_assert(std::is_unsigned_v<T>);
  for (size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}
template <typename T>
T load_le(const std::byte* at) {
  static_assert(std::is_unsigned_v<T>);
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(at[i]) << (8 * i)));
  return value;
}
template <typename T>
void append_le(Bytes& to, T value) {
  std::byte raw[sizeof(T)];
  store_le(raw, value);
  append(to, raw);
}

}  // namespace hf
