#include "source/select.h"

#include <algorithm>
#include <set>

namespace hf {
namespace {

struct GivenPath {
  std::string given, absolute;
  bool is_literal = true;
  bool is_directory = false;
};

std::string parent_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : std::string(path.substr(0, slash));
}

// The directory above the first component with a glob in it; of a literal path, the one it is in.
std::string prefix_of(const GivenPath& path) {
  if (path.is_literal) return parent_of(path.absolute);
  const size_t first = path.absolute.find_first_of("*?[\\");
  return parent_of(std::string_view(path.absolute).substr(0, first));
}

std::string common_directory(const std::string& a, const std::string& b) {
  const std::vector<std::string> in_a = split_path(a), in_b = split_path(b);
  std::string common;
  for (size_t i = 0; i < std::min(in_a.size(), in_b.size()) && in_a[i] == in_b[i]; ++i) common += "/" + in_a[i];
  return common.empty() ? "/" : common;
}

Result<GivenPath> look_at(Fs& fs, const std::string& given) {
  if (given.empty()) return Error(Code::Invalid, "an empty path in paths");
  GivenPath path{.given = given, .absolute = HF_TRY(fs.absolute(given))};
  path.is_directory = fs.open_directory(path.absolute).ok();
  if (path.is_directory || !is_glob(given)) return path;
  // A file may really be called so.
  const Result<std::unique_ptr<Directory>> parent = fs.open_directory(parent_of(path.absolute));
  const std::string name = path.absolute.substr(path.absolute.rfind('/') + 1);
  path.is_literal = parent.ok() && parent.value()->info(name).ok();
  return path;
}

std::string_view relative_to(std::string_view base, std::string_view path) {
  path.remove_prefix(base == "/" ? 1 : base.size());
  return path.starts_with('/') ? path.substr(1) : path;
}

}  // namespace

void Selection::add(std::string_view text, bool is_literal) {
  Pattern pattern;
  for (std::string& component : split_path(text)) {
    Kind kind = Kind::Literal;
    if (!is_literal && component == "**") {
      kind = Kind::AnyDepth;
    } else if (!is_literal && is_glob(component)) {
      kind = Kind::Glob;
    }
    pattern.push_back({std::move(component), kind});
  }
  patterns_.push_back(std::move(pattern));
}

void Selection::reach(State state, std::vector<State>& states) const {
  const Pattern& pattern = patterns_[state.pattern];
  for (; state.component < pattern.size(); ++state.component) {
    if (std::find(states.begin(), states.end(), state) != states.end()) return;
    states.push_back(state);
    if (pattern[state.component].kind != Kind::AnyDepth) return;
  }
}

Selection::Step Selection::begin() const {
  Step step;
  for (size_t i = 0; i < patterns_.size(); ++i) {
    if (patterns_[i].empty()) step.complete.push_back(i);
    reach({i, 0}, step.states);
  }
  return step;
}

Selection::Step Selection::step(const std::vector<State>& states, std::string_view name) const {
  Step step;
  for (const State& state : states) {
    const Pattern& pattern = patterns_[state.pattern];
    const Component& component = pattern[state.component];
    const bool is_any_depth = component.kind == Kind::AnyDepth;
    const bool matches =
        is_any_depth || (component.kind == Kind::Glob ? glob_matches(component.text, name) : component.text == name);
    if (!matches) continue;
    if (state.component + 1 == pattern.size()) step.complete.push_back(state.pattern);
    reach({state.pattern, is_any_depth ? state.component : state.component + 1}, step.states);
  }
  return step;
}

std::optional<std::vector<std::string>> Selection::names(const std::vector<State>& states) const {
  std::set<std::string> names;
  for (const State& state : states) {
    const Component& component = patterns_[state.pattern][state.component];
    if (component.kind != Kind::Literal) return std::nullopt;
    names.insert(component.text);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<SelectedPaths> resolve_paths(Fs& fs, const std::vector<std::string>& paths) {
  std::vector<GivenPath> given;
  for (const std::string& text : paths) {
    GivenPath path = HF_TRY(look_at(fs, text));
    const auto is_same = [&](const GivenPath& other) { return other.absolute == path.absolute; };
    if (std::none_of(given.begin(), given.end(), is_same)) given.push_back(std::move(path));
  }
  if (given.empty()) return Error(Code::Invalid, "paths is empty");
  SelectedPaths selected;
  if (given.size() == 1 && given[0].is_directory) {
    selected.base = given[0].absolute;
  } else {
    selected.base = prefix_of(given[0]);
    for (const GivenPath& path : given) selected.base = common_directory(selected.base, prefix_of(path));
  }
  for (GivenPath& path : given) {
    selected.selection.add(relative_to(selected.base, path.absolute), path.is_literal);
    selected.given.push_back(std::move(path.given));
  }
  return selected;
}

}  // namespace hf
