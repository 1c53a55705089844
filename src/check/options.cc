#include "check/options.h"

#include <charconv>

namespace hf {

std::vector<std::string> list_of(const CheckOptions& options, std::string_view name) {
  const auto at = options.find(name);
  return at == options.end() ? std::vector<std::string>{} : at->second;
}

std::string text_of(const CheckOptions& options, std::string_view name) {
  const auto at = options.find(name);
  return at == options.end() || at->second.empty() ? std::string() : at->second.front();
}

bool flag_of(const CheckOptions& options, std::string_view name) {
  return text_of(options, name) == "true";
}

Result<std::optional<uint64_t>> number_of(const CheckOptions& options, std::string_view name) {
  const std::string text = text_of(options, name);
  if (text.empty()) return std::optional<uint64_t>{};
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return Error(Code::Invalid, "\"" + std::string(name) + "\" is not a number");
  return std::optional(number);
}

Result<std::optional<Duration>> span_of(const CheckOptions& options, std::string_view name) {
  const std::optional<uint64_t> number = HF_TRY(number_of(options, name));
  if (!number) return std::optional<Duration>{};
  if (*number > static_cast<uint64_t>(INT64_MAX))
    return Error(Code::Invalid, "\"" + std::string(name) + "\" is too long a time");
  return std::optional(Duration(static_cast<int64_t>(*number)));
}

std::map<std::string, std::string> map_of(const CheckOptions& options, std::string_view name) {
  const std::vector<std::string> words = list_of(options, name);
  std::map<std::string, std::string> map;
  for (size_t i = 0; i + 1 < words.size(); i += 2) map[words[i]] = words[i + 1];
  return map;
}

std::vector<CheckOption> with_common(std::vector<CheckOption> options) {
  options.push_back({"name", "what it is called in reports (default: made from what it asks)"});
  options.push_back({"timeout", "it has failed after this time (default 30 s)", CheckOption::Type::Span});
  return options;
}

}  // namespace hf
