// The table of every key: where it stands, what it takes, what it means. Validation, the schema for editors, the
// reference page and the sample read it; a key that is not here is unknown to all of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace hf::config {

enum class Shape : uint8_t {
  Section,  // a map of the keys below it
  Names,    // a map from names that the operator chooses
  Kinded,   // a Section whose keys depend on its `type`: the rows below "path(type)"
  Text,
  TextList,
  TextOrList,  // one, or a list
  Flag,
  Count,      // 0 … 1000000
  Span,       // of time
  Size,       // in bytes
  SecretUse,  // $name
  TextOrSecret,
  Map,    // names that the operator chooses, and a text for each; a text may be $name
  List,   // of what the row "path.#" says
  Keyed,  // a Section whose keys depend on which kind's name is among them: the rows below "path(kind)"
};

// Paths: "sets.*.keep.daily": `*` is a name the operator chose; "sources.*(files).paths": only where `type: files`;
// "checks.*.#": each of a list.
struct KeySpec {
  std::string path;
  Shape shape = Shape::Text;
  std::string doc;
  std::string fallback = {};  // what holds where the key is absent; "": nothing
  bool required = false;
  std::string refers = {};                // section that must define the name(s) given here
  std::vector<std::string> choices = {};  // the only values
  std::string complaint = {};             // said of any other value, instead of listing the choices
  std::vector<std::string> one_of = {};   // Section: exactly one of these keys
  bool main_only = false;                 // not in included files
  bool or_section = false;                // or a map of the keys below it
  std::string sample = {};                // value in the sample; Names: the name; "": commented out there
};

class Table {
 public:
  explicit Table(const Schemas& schemas);
  const std::vector<KeySpec>& rows() const { return rows_; }
  const KeySpec* find(std::string_view path) const;
  // Rows directly below: "sets" has "sets.*"; "sources.*(files)" has its options; "sources.*" (Kinded) has its kinds.
  std::vector<const KeySpec*> below(const KeySpec& parent) const;

 private:
  std::vector<KeySpec> rows_;
};

// Kinded or Keyed.
bool has_kinds(const KeySpec& spec);
// "files" of "sources.*(files)". Requires: such a row.
std::string kind_of(const KeySpec& spec);
// The last part of a path.
std::string_view key_of(const KeySpec& spec);
// For people: "a list of texts", "a duration such as 15m".
std::string_view describe(Shape shape);

}  // namespace hf::config
