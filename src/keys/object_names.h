// Names of the objects directly below a prefix, as the key stores list them.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace hf {

// Without the prefix, sorted. Requires: `prefix` ends in '/'.
Result<std::vector<std::string>> names_below(Store& store, std::string_view prefix, const Deadline& deadline);

}  // namespace hf
