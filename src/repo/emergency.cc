#include "repo/emergency.h"

#include <algorithm>

namespace hf {
namespace {

constexpr std::string_view failed_prefix = "failed/", kind_end = ": ";

}  // namespace

bool is_emergency(const Manifest& manifest) {
  return manifest.tags.contains(std::string(emergency_tag));
}

void mark_emergency(Manifest& manifest) {
  manifest.tags[std::string(emergency_tag)] = "yes";
}

std::vector<FailedSource> failed_sources(const Manifest& manifest) {
  std::vector<FailedSource> failed;
  for (const auto& [tag, value] : manifest.tags) {
    if (!is_failed_tag(tag)) continue;
    const size_t end = std::min(value.find(kind_end), value.size());
    failed.push_back({.name = tag.substr(failed_prefix.size()),
                      .kind = value.substr(0, end),
                      .why = value.substr(std::min(end + kind_end.size(), value.size()))});
  }
  return failed;
}

void add_failed(Manifest& manifest, const FailedSource& failed) {
  manifest.tags[std::string(failed_prefix) + failed.name] = failed.kind + std::string(kind_end) + failed.why;
}

bool is_failed_tag(std::string_view name) {
  return name.starts_with(failed_prefix);
}

bool is_own_tag(std::string_view name) {
  return name == emergency_tag || is_failed_tag(name);
}

}  // namespace hf
