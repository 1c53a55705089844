// Validation: the tree of a configuration against the table.
#pragma once

#include <map>

#include "config/table.h"
#include "config/yaml.h"

namespace hf::config {

// Names that each section defines, by section.
using Defined = std::map<std::string, std::vector<std::string>, std::less<>>;

// Adds to `problems` all that is wrong with single values: unknown keys, types, names that nothing defines.
void validate(const Node& root, const Table& table, const Defined& defined, Problems& problems);

// The value of a Flag, Count, Span or Size as a decimal number ("true" or "false" of a Flag). Invalid says what is
// good.
Result<std::string> normal_form(Shape shape, const Node& scalar);

}  // namespace hf::config
