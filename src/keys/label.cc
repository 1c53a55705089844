#include "keys/label.h"

#include <cstdint>

namespace hf {
namespace {

constexpr size_t label_bytes_max = 1024;

// How many bytes the character at the start of `text` has; 0 if it is not well-formed (RFC 3629).
size_t character_bytes(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  uint32_t point = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0U) != 0x80) return 0;
    point = point << 6U | (at(i) & 0x3fU);
  }
  const bool is_overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  const bool is_control = point < 0xa0;  // C1
  return is_overlong || is_surrogate || is_control || point > 0x10ffff ? 0 : length;
}

}  // namespace

bool is_plain_label(std::string_view label) {
  if (label.size() > label_bytes_max) return false;
  while (!label.empty()) {
    const unsigned char first = static_cast<unsigned char>(label.front());
    const size_t length = character_bytes(label);
    if (length == 0 || first < 0x20 || first == 0x7f) return false;
    label.remove_prefix(length);
  }
  return true;
}

}  // namespace hf
