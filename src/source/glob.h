// Globs over paths, and the exclude rules made of them (as gitignore has them).
//
// `*`, `?` and `[a-z]`, `[!a-z]` match within one component; a component `**` matches any number of components; a
// backslash takes the next character as it is. Matching takes time proportional to pattern × path at worst.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hf {

bool is_glob(std::string_view text);
// One component against one name.
bool glob_matches(std::string_view pattern, std::string_view name);
// Components of `path` without empty ones.
std::vector<std::string> split_path(std::string_view path);

// The last rule that matches decides. What is below an excluded directory is not looked at, so it cannot be included
// again.
class Excludes {
 public:
  // Invalid for an empty rule.
  static Result<Excludes> parse(const std::vector<std::string>& rules);
  bool excludes(std::string_view path, bool is_directory) const;

 private:
  struct Rule {
    std::vector<std::string> components;
    bool is_anchored = false;  // else it is one component, matched against names at any depth
    bool directories_only = false;
    bool includes = false;  // `!`
  };
  std::vector<Rule> rules_;
};

}  // namespace hf
