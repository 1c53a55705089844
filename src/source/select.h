// Selection: which names of a tree the operator asked for, given as literal paths and globs relative to one base.
//
// A walk carries a set of States down: how far each pattern has matched. So a directory of which only one literal name
// is wanted is not listed, and one that no pattern leads into is not opened.
#pragma once

#include "source/glob.h"
#include "sys/fs.h"

namespace hf {

class Selection {
 public:
  struct State {
    size_t pattern = 0, component = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  struct Step {
    std::vector<State> states;     // for what is below that name
    std::vector<size_t> complete;  // patterns that match the name itself: it is wanted with all that is below
  };

  // `text` relative to the base; "" is the base itself. A literal is not looked at for glob characters.
  void add(std::string_view text, bool is_literal);
  size_t size() const { return patterns_.size(); }

  // At the base.
  Step begin() const;
  Step step(const std::vector<State>& states, std::string_view name) const;
  // The names that can match below; nothing if the directory must be listed to know. Sorted, none twice.
  std::optional<std::vector<std::string>> names(const std::vector<State>& states) const;

 private:
  enum class Kind : uint8_t { Literal, Glob, AnyDepth };
  struct Component {
    std::string text;
    Kind kind = Kind::Literal;
  };
  using Pattern = std::vector<Component>;

  // Adds a state, and those reached from it without consuming a name.
  void reach(State state, std::vector<State>& states) const;

  std::vector<Pattern> patterns_;
};

// What the operator's paths mean: the directory all entries are relative to, and what is selected below it.
struct SelectedPaths {
  std::string base;
  Selection selection;
  std::vector<std::string> given;  // by pattern number, as the operator wrote them
};
// Invalid for an empty list or an empty path.
Result<SelectedPaths> resolve_paths(Fs& fs, const std::vector<std::string>& paths);

}  // namespace hf
