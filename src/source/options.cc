#include "source/options.h"

#include <charconv>

namespace hf {
namespace {

constexpr std::string_view path_default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace

std::vector<std::string> list_option(const SourceOptions& options, std::string_view name) {
  const auto at = options.find(name);
  return at == options.end() ? std::vector<std::string>{} : at->second;
}

Result<std::string> text_option(const SourceOptions& options, std::string_view name) {
  const std::vector<std::string> values = list_option(options, name);
  if (values.empty() || values[0].empty()) return Error(Code::Invalid, "option " + std::string(name) + " is missing");
  if (values.size() > 1) return Error(Code::Invalid, "option " + std::string(name) + " is given more than once");
  return values[0];
}

std::string text_option_or(const SourceOptions& options, std::string_view name, std::string_view absent) {
  const std::vector<std::string> values = list_option(options, name);
  return values.empty() || values[0].empty() ? std::string(absent) : values[0];
}

Result<bool> flag_option(const SourceOptions& options, std::string_view name, bool absent) {
  const std::string value = text_option_or(options, name, absent ? "true" : "false");
  if (value != "true" && value != "false")
    return Error(Code::Invalid, "option " + std::string(name) + " is neither true nor false");
  return value == "true";
}

Result<std::optional<uint64_t>> number_option(const SourceOptions& options, std::string_view name) {
  const std::string value = text_option_or(options, name, "");
  if (value.empty()) return std::optional<uint64_t>{};
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size())
    return Error(Code::Invalid, "option " + std::string(name) + " is not a number");
  return std::optional(number);
}

Result<Duration> span_option(const SourceOptions& options, std::string_view name, Duration absent) {
  const std::optional<uint64_t> number = HF_TRY(number_option(options, name));
  if (!number) return absent;
  if (*number > static_cast<uint64_t>(INT64_MAX))
    return Error(Code::Invalid, "option " + std::string(name) + " is too long a time");
  return Duration(static_cast<int64_t>(*number));
}

Result<std::map<std::string, std::string>> environment_option(const SourceOptions& options, std::string_view name) {
  std::map<std::string, std::string> environment{{"PATH", std::string(path_default)}};
  for (const std::string& variable : list_option(options, name)) {
    const size_t equals = variable.find('=');
    if (equals == 0 || equals == variable.npos)
      return Error(Code::Invalid, "an entry of " + std::string(name) + " is not NAME=value")
          .with_hint("write NAME=value");
    environment[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  return environment;
}

}  // namespace hf
