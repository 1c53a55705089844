#include "sys/entry.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t path_bytes_max = 4095;
constexpr size_t component_bytes_max = 255;

// Length of the printable UTF-8 sequence that `text` begins with; 0 for a control character, an overlong or cut form, a
// surrogate, and the marks that turn the direction of writing around (they make one name look like another).
size_t printable_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  uint32_t code = lead & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  if (code < 0xa0 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return 0;
  return length;
}

}  // namespace

int compare_paths(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  const auto [at_a, at_b] = std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(common), b.begin());
  if (at_a == a.begin() + static_cast<ptrdiff_t>(common)) return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  if (*at_a == '/') return -1;
  if (*at_b == '/') return 1;
  return static_cast<unsigned char>(*at_a) < static_cast<unsigned char>(*at_b) ? -1 : 1;
}

bool is_valid_path(std::string_view path) {
  if (path.empty()) return true;
  if (path.size() > path_bytes_max || path.find('\0') != path.npos) return false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t slash = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, slash - begin);
    if (component.empty() || component == "." || component == ".." || component.size() > component_bytes_max)
      return false;
    begin = slash + 1;
  }
  return true;
}

std::string printable(std::string_view path) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(path.size());
  while (!path.empty()) {
    const size_t length = printable_length(path);
    if (length > 0) {
      text += path.substr(0, length);
    } else {
      const auto byte = static_cast<unsigned char>(path[0]);
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    path.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace hf
