#include "app/help.h"
#include "app/program.h"
#include "base/text.h"

namespace hf {
namespace {

// Errors of the parser, too, are told in the format asked for.
std::string_view format_given(const std::vector<std::string>& arguments) {
  std::string_view format;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--") break;
    if ((word == "-o" || word == "--output") && i + 1 < arguments.size())
      format = arguments[i + 1];
    else if (word.starts_with("--output="))
      format = word.substr(9);
    else if (word.starts_with("-o") && word.size() > 2)
      format = word.substr(word[2] == '=' ? 3 : 2);
  }
  return format;
}

std::optional<Format> parse_format(std::string_view name) {
  if (name.empty() || name == "text") return Format::Text;
  if (name == "json") return Format::Json;
  if (name == "jsonl") return Format::Jsonl;
  return std::nullopt;
}

std::string help_for(const Arguments& args) {
  if (args.has("group")) return help_text_of_group(args.text("group"));
  return args.verb == nullptr ? help_text_of_program() : help_text(*args.verb);
}

Result<Exit> dispatch(Program& program, const std::vector<std::string>& arguments, Out& out) {
  const std::optional<Format> format = parse_format(format_given(arguments));
  out.configure({.format = format.value_or(Format::Text)});
  if (!format)
    return Error(Code::Invalid, "-o takes text, json or jsonl").with_hint("for example: holdfast list -o json");
  const Arguments args = HF_TRY(parse_arguments(arguments));
  out.configure({.format = *format,
                 .quiet = args.has("quiet"),
                 .verbose = args.has("verbose"),
                 .show_detail = args.has("show-detail"),
                 .names_only = args.has("names-only")});
  if (args.has("help")) {
    out.text("help", help_for(args));
    return Exit::Done;
  }
  const Verb* verb = args.has("version") ? find_verb("version") : args.verb;
  if (verb == nullptr)
    return Error(Code::Invalid, "what shall be done?").with_hint("holdfast --help lists all commands");
  Progress progress(program.clock, program.terminal, out);
  if (program.on_state_asked) program.on_state_asked([&progress] { progress.print_state(); });
  Context context{.program = program, .args = args, .out = out, .progress = progress};
  Result<Exit> result = verb->run(context);
  if (program.on_state_asked) program.on_state_asked({});
  return result;
}

}  // namespace

int run(Program& program, const std::vector<std::string>& arguments) {
  Out out(program.terminal, program.clock);
  const Result<Exit> result = dispatch(program, arguments, out);
  Exit exit = Exit::Failed;
  if (result.ok()) {
    exit = result.value();
  } else {
    exit = exit_code(result.error().code(), program.is_terminated && program.is_terminated());
    out.error(result.error(), exit);
  }
  const bool is_told = !result.ok() && out.is_text() && out.is_broken();  // a long list ends with that error
  const Status written = out.finish(exit);
  if (written.ok() || is_told) return static_cast<int>(exit);
  out.warn("holdfast: " + written.error().message());
  return static_cast<int>(exit == Exit::Done ? Exit::Failed : exit);
}

}  // namespace hf
