#include "support/wire.h"

#include <cstdint>

namespace hf::wire {
namespace {

bool take_varint(std::string_view& text, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !text.empty(); shift += 7) {
    const uint64_t byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::string tag(const Field& field, int longer = 0) {
  return varint(field.number << 3 | field.type, longer);
}

// As spell(), with longer varints where told.
std::string spell(const Field& field, int tag_longer, int value_longer) {
  std::string out = tag(field, tag_longer);
  if (field.type == 0) return out + varint(field.value, value_longer);
  return out + varint(field.bytes.size(), value_longer) + field.bytes;
}

}  // namespace

std::string varint(uint64_t value, int longer) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  for (; longer > 0; --longer) {
    out.back() = static_cast<char>(out.back() | '\x80');
    out.push_back('\0');
  }
  return out;
}

std::string spell(const Field& field) {
  return spell(field, 0, 0);
}
std::string field(uint64_t number, uint64_t value) {
  return spell(Field{.number = number, .type = 0, .value = value, .bytes = {}});
}
std::string field(uint64_t number, const std::string& bytes) {
  return spell(Field{.number = number, .type = 2, .value = 0, .bytes = bytes});
}

std::optional<std::vector<Field>> split(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    Field& field = fields.emplace_back();
    uint64_t head = 0;
    if (!take_varint(message, head)) return std::nullopt;
    field.number = head >> 3;
    field.type = static_cast<unsigned>(head & 7);
    if (field.number == 0 || (field.type != 0 && field.type != 2)) return std::nullopt;
    if (!take_varint(message, field.value)) return std::nullopt;
    if (field.type == 0) continue;
    if (field.value > message.size()) return std::nullopt;
    field.bytes = message.substr(0, field.value);
    message.remove_prefix(field.value);
  }
  return fields;
}

std::vector<Alteration> alterations(const std::string& message) {
  std::vector<Alteration> all;
  const std::optional<std::vector<Field>> fields = split(message);
  if (!fields || fields->empty()) return all;
  // The message with `instead` where field `at` stands.
  const auto with = [&](size_t at, const std::string& instead) {
    std::string out;
    for (size_t i = 0; i < fields->size(); ++i) out += i == at ? instead : spell((*fields)[i]);
    return out;
  };
  all.push_back({"an unknown field behind", message + field(500, 1)});
  all.push_back({"an unknown field before", field(500, "x") + message});
  for (size_t i = 0; i < fields->size(); ++i) {
    const Field& is = (*fields)[i];
    const std::string where = " (field " + std::to_string(is.number) + ")";
    all.push_back({"a longer tag" + where, with(i, spell(is, 1, 0))});
    all.push_back({"a longer varint" + where, with(i, spell(is, 0, 1))});
    all.push_back({"the same field twice" + where, with(i, spell(is) + spell(is))});
    Field empty = is;
    empty.value = 0;
    empty.bytes.clear();
    all.push_back({"a default value" + where, with(i, spell(empty))});
    all.push_back({"a default value before" + where, with(i, spell(empty) + spell(is))});
    if (i + 1 < fields->size() && (*fields)[i + 1].number != is.number) {
      std::string out;
      for (size_t k = 0; k < fields->size(); ++k) out += spell((*fields)[k == i ? i + 1 : k == i + 1 ? i : k]);
      all.push_back({"out of order" + where, out});
    }
    if (is.type != 2) continue;
    Field unpacked = is;
    unpacked.bytes += '\0';
    all.push_back({"a zero more" + where, with(i, spell(unpacked))});
    for (const Alteration& inner : alterations(is.bytes)) {
      Field around = is;
      around.bytes = inner.message;
      all.push_back({inner.what + where, with(i, spell(around))});
    }
  }
  return all;
}

}  // namespace hf::wire
