// YAML as far as holdfast reads it: maps, lists and scalars, each with its place. No anchors, aliases, tags, merge
// keys or second documents: a configuration must read the same to a person as to the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/problems.h"

namespace hf::config {

struct Member;

struct Node {
  enum class Kind : uint8_t { Null, Scalar, List, Map };
  Kind kind = Kind::Null;
  Place place;
  bool quoted = false;
  std::string text;             // Scalar
  std::vector<Node> items;      // List
  std::vector<Member> members;  // Map: in the order written, each key once

  // The value of a member, or null.
  const Node* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Place place;
  Node value;
};

// The one document of text number `text`. Adds to `problems` what is wrong; a duplicate key keeps its first value.
// False if there is no use in looking further.
bool read_yaml(std::string_view content, size_t text, Problems& problems, Node& root);

// As one line of YAML.
std::string to_line(const Node& node);

}  // namespace hf::config
