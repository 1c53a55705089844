// Names of objects: what every kind of Store accepts, and what a prefix of them means.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hf {

// Invalid unless `name` consists of [a-z0-9._-] components, none of them `.` or `..`, joined by `/`. The first is not
// `tmp`, which kinds that keep objects as files need for themselves.
Status check_object_name(std::string_view name);

// One component of a name.
bool is_object_component(std::string_view component);

// Whether `name` begins with `prefix` in whole components: `packs` and `packs/` are both a prefix of `packs/ab/1`, and
// neither is one of `packs-old/1`.
bool has_object_prefix(std::string_view name, std::string_view prefix);

}  // namespace hf
