#include "app/json.h"

#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace hf {
namespace {

// Length of the UTF-8 sequence at the beginning of `text`; 0: it is not one.
size_t sequence_length(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_next = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_next(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80,
                   high = first == 0xED ? 0x9F : 0xBF;  // no overlong forms, no surrogates
    return is_next(1, low, high) && is_next(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
    return is_next(1, low, high) && is_next(2) && is_next(3) ? 4 : 0;
  }
  return 0;
}

std::string quoted(std::string_view value) {
  std::string out = "\"";
  for (size_t i = 0; i < value.size();) {
    const auto c = static_cast<unsigned char>(value[i]);
    const size_t length = sequence_length(value.substr(i));
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    } else {
      out += value.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return out + "\"";
}

}  // namespace

Json::Json(std::string_view value) : text_(quoted(value)) {}

Json::Json(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", std::isfinite(value) ? value : 0.0);
  text_ = text;
}

Json Json::seconds(Duration value) {
  char text[40];
  const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(value).count();
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(milliseconds) / 1000.0);
  return raw(text);
}

Json Json::time(WallTime value) {
  return Json(format_time_rfc3339(value));
}

Json Json::raw(std::string json) {
  Json value;
  value.text_ = std::move(json);
  return value;
}

JsonObject& JsonObject::add(std::string_view name, const Json& value) {
  if (!members_.empty()) members_ += ',';
  members_ += quoted(name) + ":" + value.text();
  return *this;
}

JsonObject& JsonObject::add_all(const JsonObject& other) {
  if (!members_.empty() && !other.members_.empty()) members_ += ',';
  members_ += other.members_;
  return *this;
}

JsonArray& JsonArray::add(const Json& value) {
  if (!items_.empty()) items_ += ',';
  items_ += value.text();
  return *this;
}

Json json_list(const std::vector<std::string>& values) {
  JsonArray array;
  for (const std::string& value : values) array.add(value);
  return array.json();
}

}  // namespace hf
