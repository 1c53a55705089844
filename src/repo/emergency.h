// Emergency: a point that holds what could be saved, says what could not, and stays until it is given up by name.
//
// Its manifest says so in tags, which every reader of the format keeps and shows: `emergency`, and for each source that
// failed `failed/NAME`, whose value is its kind and why. No source's name has a slash.
#pragma once

#include "repo/manifest.h"

namespace hf {

inline constexpr std::string_view emergency_tag = "emergency";

struct FailedSource {
  std::string name, kind;
  std::string why;  // names-only
};

bool is_emergency(const Manifest& manifest);
void mark_emergency(Manifest& manifest);
// By ascending name.
std::vector<FailedSource> failed_sources(const Manifest& manifest);
void add_failed(Manifest& manifest, const FailedSource& failed);
// Of tags: whether it says that a source failed; whether a person must not give it.
bool is_failed_tag(std::string_view name);
bool is_own_tag(std::string_view name);

}  // namespace hf
