#include "app/source_words.h"

#include <algorithm>

#include "base/text.h"
#include "source/glob.h"

namespace hf {
namespace {

const SourceKind* find_kind(std::string_view word, const std::vector<SourceKind>& kinds) {
  const size_t colon = word.find(':');
  if (colon == word.npos) return nullptr;
  const auto kind =
      std::find_if(kinds.begin(), kinds.end(), [&](const SourceKind& k) { return k.name == word.substr(0, colon); });
  return kind == kinds.end() ? nullptr : &*kind;
}

Error unknown_kind(const std::string& word, const std::vector<SourceKind>& kinds) {
  const size_t colon = word.find(':');
  std::vector<std::string> names;
  std::string list;
  for (const SourceKind& kind : kinds) {
    names.emplace_back(kind.name);
    list += (list.empty() ? "" : ", ") + names.back() + ":";
  }
  if (colon == word.npos)
    return Error(Code::Invalid, "not a source: " + printable(word))
        .with_hint("for a directory write files:" + printable(word) + "; kinds: " + list);
  const std::optional<std::string> near = closest(word.substr(0, colon), names);
  return Error(Code::Invalid, "no kind of source is named " + printable(word.substr(0, colon)))
      .with_hint(near ? "did you mean " + *near + ":?" : "kinds: " + list);
}

std::string subject_of(const SourceOptions& options) {
  for (const char* name : {"paths", "path", "run"})
    if (const auto found = options.find(name); found != options.end() && !found->second.empty())
      return found->second.front();
  return {};
}

}  // namespace

bool is_source_word(std::string_view word, const std::vector<SourceKind>& kinds) {
  return find_kind(word, kinds) != nullptr;
}

std::string source_name(std::string_view path_or_program) {
  std::vector<std::string> components = split_path(path_or_program);
  while (!components.empty() && (is_glob(components.back()) || components.back() == "." || components.back() == ".."))
    components.pop_back();
  constexpr size_t name_bytes_max = 200;
  return components.empty() ? "root" : components.back().substr(0, name_bytes_max);
}

std::string unique_name(const std::string& name, const std::vector<PlannedSource>& taken) {
  const auto is_taken = [&](const std::string& candidate) {
    return std::any_of(taken.begin(), taken.end(),
                       [&](const PlannedSource& source) { return source.name == candidate; });
  };
  std::string candidate = name;
  for (size_t number = 2; is_taken(candidate); ++number) candidate = name + "-" + std::to_string(number);
  return candidate;
}

Result<std::vector<PlannedSource>> plan_sources(const std::vector<std::string>& words,
                                                const std::vector<SourceKind>& kinds, Fs& fs) {
  std::vector<PlannedSource> planned;
  for (const std::string& word : words) {
    const SourceKind* kind = find_kind(word, kinds);
    if (kind == nullptr) return unknown_kind(word, kinds);
    SourceOptions options = HF_TRY(kind->parse(std::string_view(word).substr(kind->name.size() + 1)));
    const bool is_repeated = std::any_of(planned.begin(), planned.end(), [&](const PlannedSource& source) {
      return source.kind == kind->name && source.options == options;
    });
    if (is_repeated) continue;
    std::string subject = subject_of(options);
    if (options.find("run") == options.end() && !subject.empty()) subject = HF_TRY(fs.absolute(subject));
    // What is neither a path nor a program is called by its kind.
    std::string name = unique_name(subject.empty() ? std::string(kind->name) : source_name(subject), planned);
    planned.push_back({.name = std::move(name), .kind = std::string(kind->name), .options = std::move(options)});
  }
  return planned;
}

}  // namespace hf
