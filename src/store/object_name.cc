#include "store/object_name.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t component_bytes_max = 200;  // a file name's 255, less what kinds may add
constexpr size_t name_bytes_max = 1000;

bool is_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_object_name(std::string_view name) {
  if (name.size() > name_bytes_max || name == "tmp" || name.starts_with("tmp/")) return false;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    if (!is_object_component(name.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

bool is_object_component(std::string_view component) {
  return !component.empty() && component.size() <= component_bytes_max && component != "." && component != ".." &&
         std::all_of(component.begin(), component.end(), is_allowed);
}

Status check_object_name(std::string_view name) {
  // The name itself is not shown: it is not one of ours, so nobody vouches for what is in it.
  if (!is_object_name(name)) return Error(Code::Invalid, "not a name of an object").with_detail(std::string(name));
  return {};
}

bool has_object_prefix(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  return prefix.empty() || prefix.ends_with('/') || name.size() == prefix.size() || name[prefix.size()] == '/';
}

}  // namespace hf
