// The one user of CLI11: it takes the words apart; what they mean, and every message, comes from the table of verbs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <list>

#include "app/verb.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

// Where CLI11 writes; lists do not move their elements.
struct Slots {
  std::list<std::pair<std::string, std::vector<std::string>>> values;
  std::list<std::pair<std::string, bool>> flags;
};

void add_option(CLI::App& app, const OptionSpec& spec, Slots& slots) {
  const std::string names =
      (spec.letter.empty() ? "" : "-" + std::string(spec.letter) + ",") + "--" + std::string(spec.name);
  if (spec.value.empty()) {
    slots.flags.emplace_back(std::string(spec.name), false);
    app.add_flag(names, slots.flags.back().second)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    return;
  }
  slots.values.emplace_back(std::string(spec.name), std::vector<std::string>{});
  app.add_option(names, slots.values.back().second)
      ->type_size(1)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

std::vector<std::string> names_of(const std::vector<OptionSpec>& options) {
  std::vector<std::string> names;
  for (const OptionSpec& option : options) names.push_back("--" + std::string(option.name));
  return names;
}

std::string help_hint(const Verb* verb) {
  return "holdfast " + (verb == nullptr ? "" : std::string(verb->name) + " ") + "--help";
}

Error unknown_flag(const std::string& flag, const Verb* verb) {
  const std::string name = flag.substr(0, flag.find('='));
  std::vector<std::string> known = names_of(global_options());
  if (verb != nullptr)
    for (std::string& option : names_of(verb->options)) known.push_back(std::move(option));
  const std::optional<std::string> near = closest(name, known);
  return Error(Code::Invalid, "unknown flag " + printable(name))
      .with_hint(near ? "did you mean " + *near + "?" : help_hint(verb) + " lists all flags");
}

Error unknown_verb(const std::string& word, const std::string& group) {
  std::vector<std::string> known;
  for (const Verb& verb : verbs()) {
    if (verb.hidden) continue;
    const std::string name(verb.name);
    if (group.empty())
      known.push_back(name.substr(0, name.find(' ')));
    else if (name.starts_with(group + " "))
      known.push_back(name.substr(group.size() + 1));
  }
  const std::optional<std::string> near = closest(word, known);
  const std::string whole = group.empty() ? word : group + " " + word;
  return Error(Code::Invalid, "unknown command " + printable(whole))
      .with_hint(near ? "did you mean " + (group.empty() ? "" : group + " ") + *near + "?"
                      : "holdfast --help lists all commands");
}

// The verb that the first words name, and how many words that takes.
struct Named {
  const Verb* verb = nullptr;
  std::string group;  // `holdfast key`, without what to do
};

Named find_named(const std::string& first, const std::string& second) {
  if (const Verb* verb = find_verb(first + " " + second); verb != nullptr) return {.verb = verb};
  if (const Verb* verb = find_verb(first); verb != nullptr) return {.verb = verb};
  return {.group = group_summary(first).empty() ? "" : first};
}

bool takes_value(const std::string& word, const std::vector<OptionSpec>& options) {
  return std::any_of(options.begin(), options.end(), [&](const OptionSpec& option) {
    if (option.value.empty()) return false;
    return word == "--" + std::string(option.name) ||
           (!option.letter.empty() && word == "-" + std::string(option.letter));
  });
}

// Positions of the first two words that are neither flags nor their values. Before the verb only global flags can
// stand.
std::vector<size_t> leading_words(const std::vector<std::string>& arguments) {
  std::vector<size_t> words;
  for (size_t i = 0; i < arguments.size() && words.size() < 2; ++i) {
    if (arguments[i] == "--") break;
    if (takes_value(arguments[i], global_options()))
      ++i;
    else if (!arguments[i].starts_with('-') || arguments[i] == "-")
      words.push_back(i);
  }
  return words;
}

Status check_positionals(Arguments& parsed, std::vector<std::string> words) {
  size_t next = 0;
  if (parsed.verb != nullptr) {
    for (const ArgumentSpec& spec : parsed.verb->arguments) {
      const std::string name(spec.name);
      const bool any = spec.count == ArgumentSpec::Count::Any;
      for (; next < words.size(); ++next) {
        if (!spec.choices.empty() &&
            std::find(spec.choices.begin(), spec.choices.end(), words[next]) == spec.choices.end()) {
          const std::optional<std::string> near = closest(words[next], {spec.choices.begin(), spec.choices.end()});
          return Error(Code::Invalid, printable(words[next]) + " is no " + name)
              .with_hint(near ? "did you mean " + *near + "?" : help_hint(parsed.verb));
        }
        parsed.values[name].push_back(words[next]);
        if (!any) {
          ++next;
          break;
        }
      }
      if (spec.count == ArgumentSpec::Count::One && !parsed.has(name) && !parsed.has("help"))
        return Error(Code::Invalid, name + " is missing").with_hint("see " + help_hint(parsed.verb));
    }
  }
  if (next == words.size()) return {};
  return Error(Code::Invalid, "one argument too many: " + printable(words[next]))
      .with_hint("see " + help_hint(parsed.verb));
}

Result<Arguments> parse_words(const Verb* verb, const std::vector<std::string>& words) {
  Slots slots;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  for (const OptionSpec& spec : global_options()) add_option(app, spec, slots);
  if (verb != nullptr)
    for (const OptionSpec& spec : verb->options) add_option(app, spec, slots);
  const auto mark = std::find(words.begin(), words.end(), "--");
  std::vector<std::string> positional;
  app.add_option("positional", positional)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_size(1)
      ->expected(0, 1 << 20);
  try {
    // Backwards, as CLI11 wants them; what stands behind `--` is no flag whatever it looks like.
    app.parse(std::vector<std::string>(std::make_reverse_iterator(mark), words.rend()));
  } catch (const CLI::Error& error) {
    return Error(Code::Invalid, printable(error.what())).with_hint("see " + help_hint(verb));
  }
  for (const std::string& extra : app.remaining())
    if (extra.starts_with('-') && extra.size() > 1) return unknown_flag(extra, verb);
  Arguments parsed;
  parsed.verb = verb;
  for (auto& [name, values] : slots.values)
    if (!values.empty()) parsed.values[name] = std::move(values);
  for (const auto& [name, given] : slots.flags)
    if (given) parsed.values[name] = {};
  for (std::string& extra : app.remaining()) positional.push_back(std::move(extra));
  if (mark != words.end()) positional.insert(positional.end(), mark + 1, words.end());
  HF_TRY(check_positionals(parsed, std::move(positional)));
  return parsed;
}

}  // namespace

Result<Arguments> parse_arguments(const std::vector<std::string>& arguments) {
  const std::vector<size_t> at = leading_words(arguments);
  if (at.empty()) return parse_words(nullptr, arguments);
  const std::string first = arguments[at[0]], second = at.size() > 1 ? arguments[at[1]] : "";
  const Named named = find_named(first, second);
  std::vector<std::string> rest = arguments;
  if (named.verb == nullptr) {
    const bool asks_help = std::find(rest.begin(), rest.end(), "--help") != rest.end() ||
                           std::find(rest.begin(), rest.end(), "-h") != rest.end();
    if (named.group.empty()) return unknown_verb(first, "");
    if (!second.empty()) return unknown_verb(second, named.group);
    if (!asks_help)
      return Error(Code::Invalid, "what shall be done? " + first + " is a group of commands")
          .with_hint("see holdfast " + first + " --help");
    Arguments parsed;
    parsed.values["help"] = {};
    parsed.values["group"] = {named.group};
    return parsed;
  }
  if (named.verb->name.find(' ') != std::string_view::npos) rest.erase(rest.begin() + static_cast<ptrdiff_t>(at[1]));
  rest.erase(rest.begin() + static_cast<ptrdiff_t>(at[0]));
  return parse_words(named.verb, rest);
}

std::string Arguments::text(std::string_view name, std::string_view absent) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? std::string(absent) : found->second.back();
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>{} : found->second;
}

Result<uint32_t> Arguments::count(std::string_view name, uint32_t absent) const {
  if (!has(name)) return absent;
  const std::string value = text(name);
  constexpr size_t digits_max = 9;
  if (value.empty() || value.size() > digits_max || value.find_first_not_of("0123456789") != value.npos)
    return Error(Code::Invalid, "--" + std::string(name) + " is not a whole number: " + printable(value))
        .with_hint("write, for example, 7");
  return static_cast<uint32_t>(std::stoul(value));
}

Result<Duration> Arguments::duration(std::string_view name, Duration absent) const {
  if (!has(name)) return absent;
  return parse_duration(text(name)).during("--" + std::string(name));
}

}  // namespace hf
