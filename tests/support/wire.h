// Wire: protobuf messages taken apart and spelled in ways that no encoder writes.
//
// alterations() gives the spellings of a message, its submessages included, that say the same or little else: fields in
// another order, twice, with their default value, unknown ones, varints and lengths longer than they need be. What a
// decoder accepts of them its encoder must give back byte for byte.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace hf::wire {

struct Field {
  uint64_t number = 0;
  unsigned type = 0;  // 0: varint, 2: length-delimited
  uint64_t value = 0;
  std::string bytes;
};

// `longer`: bytes more than it needs.
std::string varint(uint64_t value, int longer = 0);
std::string spell(const Field& field);
std::string field(uint64_t number, uint64_t value);
std::string field(uint64_t number, const std::string& bytes);
// Nothing unless `message` is one of varints and length-delimited fields.
std::optional<std::vector<Field>> split(std::string_view message);

struct Alteration {
  std::string what;
  std::string message;
};
std::vector<Alteration> alterations(const std::string& message);

}  // namespace hf::wire
