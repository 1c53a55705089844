// From the tree of a configuration to Config, with the checks that need more than one value.
#pragma once

#include "config/table.h"
#include "config/yaml.h"

namespace hf::config {

// `root` has been validated. If that found problems, this adds those that it can see, and the Config is of no use.
Config build(const Node& root, const Schemas& schemas, const Table& table, Problems& problems);

}  // namespace hf::config
