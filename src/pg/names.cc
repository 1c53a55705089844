#include "pg/names.h"

namespace hf {
namespace {

constexpr char digits[] = "0123456789ABCDEF";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

std::string doubled(std::string_view text, char special) {
  std::string out;
  for (const char c : text) {
    if (c == special) out += c;
    out += c;
  }
  return out;
}

}  // namespace

std::string pg_file_name(std::string_view name) {
  std::string file;
  for (const char c : name) {
    if (is_plain(c) && !(c == '.' && file.empty())) {
      file += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      file += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return file;
}

std::optional<std::string> pg_name_of_file(std::string_view file_name) {
  std::string name;
  for (size_t i = 0; i < file_name.size(); ++i) {
    if (file_name[i] != '%') {
      name += file_name[i];
      continue;
    }
    const std::string_view all(digits);
    const size_t high = i + 2 < file_name.size() ? all.find(file_name[i + 1]) : all.npos;
    const size_t low = i + 2 < file_name.size() ? all.find(file_name[i + 2]) : all.npos;
    if (high == all.npos || low == all.npos) return std::nullopt;
    name += static_cast<char>(high << 4 | low);
    i += 2;
  }
  if (pg_file_name(name) != file_name) return std::nullopt;
  return name;
}

std::string pg_quoted(std::string_view name) {
  return '"' + doubled(name, '"') + '"';
}

std::string pg_quoted(std::string_view schema, std::string_view name) {
  return pg_quoted(schema) + "." + pg_quoted(name);
}

std::string pg_literal(std::string_view text) {
  const bool has_backslash = text.find('\\') != text.npos;
  const std::string quoted = '\'' + doubled(text, '\'') + '\'';
  return has_backslash ? " E" + doubled(quoted, '\\') : quoted;
}

std::string pg_column_list(const std::vector<std::string>& columns) {
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "(" : ", ") + pg_quoted(column);
  return list.empty() ? list : list + ")";
}

}  // namespace hf
