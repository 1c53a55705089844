// The `config` kind: the names that a configuration has, and whether their values changed; never a value.
//
// Each name of an env file, of what a program exports (JSON or NAME=value), and of a secret manager becomes a small
// file: env/<file>/<NAME>, flags/<NAME>, names/<NAME>. It holds a fingerprint of the value, so that `diff` of two
// points lists which names were added, removed or changed, and `find` in which points a name is. A program that lists
// the names of secrets must print nothing else.
#pragma once

#include "source/source.h"

namespace hf {

SourceKind config_source_kind();

struct NamedValue {
  std::string name;
  bool is_empty = false;
};
// What a file of such a tree tells; nothing if it is none of those.
std::optional<NamedValue> read_named_value(std::string_view path, std::string_view content);

}  // namespace hf
