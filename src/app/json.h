// Json: a JSON text under construction, for what the program prints.
//
// Members keep the order they are added in, so that every document begins with its schema. Text that is not UTF-8 gets
// U+FFFD for each bad byte, so what is printed is always valid JSON.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace hf {

class Json {
 public:
  Json() : text_("null") {}
  Json(std::string_view value);
  Json(const std::string& value) : Json(std::string_view(value)) {}
  Json(const char* value) : Json(std::string_view(value)) {}
  Json(double value);
  template <std::integral T>
  Json(T value) : text_(std::to_string(value)) {}
  Json(bool value) : text_(value ? "true" : "false") {}
  static Json seconds(Duration value);
  static Json time(WallTime value);   // RFC 3339, UTC
  static Json raw(std::string json);  // Requires: valid JSON

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class JsonObject {
 public:
  JsonObject& add(std::string_view name, const Json& value);
  JsonObject& add(std::string_view name, const JsonObject& value) { return add(name, value.json()); }
  JsonObject& add_all(const JsonObject& other);
  Json json() const { return Json::raw("{" + members_ + "}"); }

 private:
  std::string members_;
};

class JsonArray {
 public:
  JsonArray& add(const Json& value);
  JsonArray& add(const JsonObject& value) { return add(value.json()); }
  Json json() const { return Json::raw("[" + items_ + "]"); }

 private:
  std::string items_;
};

Json json_list(const std::vector<std::string>& values);

}  // namespace hf
