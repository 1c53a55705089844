// Policies: what each one says when all that it extends is merged in; each value keeps the place where it was written.
#pragma once

#include <map>

#include "config/yaml.h"

namespace hf::config {

// `over` wins: maps merge, lists and values replace.
Node merge(const Node& under, const Node& over);

// By name. Adds to `problems` policies that extend themselves. What validation found wrong already is skipped.
std::map<std::string, Node> resolve_policies(const Node& policies, Problems& problems);

}  // namespace hf::config
