#include "check/json_path.h"

#include <nlohmann/json.hpp>

namespace hf {
namespace {

// `a.b.0` as the pointer `/a/b/0`.
std::string pointer_of(const std::string& path) {
  if (path.starts_with('/')) return path;
  std::string pointer = "/";
  for (const char c : path) {
    if (c == '.')
      pointer += '/';
    else if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
  return pointer;
}

}  // namespace

Result<std::optional<std::string>> json_value_at(std::string_view json, const std::string& path) {
  try {
    const nlohmann::json document = nlohmann::json::parse(json);
    const nlohmann::json::json_pointer pointer(pointer_of(path));
    if (!document.contains(pointer)) return std::optional<std::string>{};
    const nlohmann::json& value = document.at(pointer);
    if (value.is_structured()) return std::optional<std::string>{};
    return std::optional(value.is_string() ? value.get<std::string>() : value.dump());
  } catch (const nlohmann::json::parse_error&) {
    return Error(Code::Invalid, "the answer is not JSON");
  } catch (const nlohmann::json::exception&) {
    return std::optional<std::string>{};
  }
}

}  // namespace hf
