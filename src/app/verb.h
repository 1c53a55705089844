// Verb: what one command of the program is called, takes and does.
//
// One table of these (app/verbs.cc) makes the parser, every --help, the man pages, the completions and docs/CLI.md, so
// they cannot differ.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/exit_code.h"
#include "base/clock.h"

namespace hf {

struct Context;

struct OptionSpec {
  std::string_view name;    // long, without dashes
  std::string_view letter;  // short, without a dash; "": none
  std::string_view value;   // what its value is called: "FILE"; "": a flag
  std::string_view help;
  bool repeats = false;
};

struct ArgumentSpec {
  std::string_view name;  // "POINT"
  std::string_view help;
  enum class Count : uint8_t { Optional, One, Any } count = Count::One;
  std::vector<std::string_view> choices;  // empty: anything
  enum class Completes : uint8_t { Nothing, Points, Sets, Files } completes = Completes::Nothing;
};

struct Verb {
  std::string_view name;  // "backup", "key list"
  std::string_view summary, description;
  std::vector<ArgumentSpec> arguments;
  std::vector<OptionSpec> options;
  std::array<std::string_view, 3> examples;
  std::function<Result<Exit>(Context&)> run;
  bool hidden = false;
};

const std::vector<Verb>& verbs();
// Flags that every verb takes.
const std::vector<OptionSpec>& global_options();
// "key" → "keys that open the repository"; "" if it is no group of verbs.
std::string_view group_summary(std::string_view name);
const Verb* find_verb(std::string_view name);

// What was typed after the verb, by option and argument name.
class Arguments {
 public:
  const Verb* verb = nullptr;  // null: none was named
  std::map<std::string, std::vector<std::string>, std::less<>> values;

  bool has(std::string_view name) const { return values.find(name) != values.end(); }
  // The last one given.
  std::string text(std::string_view name, std::string_view absent = "") const;
  std::vector<std::string> all(std::string_view name) const;
  // Invalid, naming the flag, if they cannot be read.
  Result<uint32_t> count(std::string_view name, uint32_t absent) const;
  Result<Duration> duration(std::string_view name, Duration absent) const;
};

// Invalid for what the table does not know, with the nearest name as hint. `arguments` is without the program's name.
Result<Arguments> parse_arguments(const std::vector<std::string>& arguments);

}  // namespace hf
