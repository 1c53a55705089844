// Manual pages (roff, man(7)) and docs/CLI.md from the table of verbs.
#include "app/help.h"

namespace hf {
namespace {

constexpr int exit_codes[] = {0, 1, 2, 3, 4, 5, 7, 10, 11, 12, 13, 130, 143};

// Text as roff takes it: no line is a request, hyphens are hyphens.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string roff_title(const std::string& name) {
  return ".TH \"" + roff(name) + "\" \"1\" \"\" \"holdfast " + roff(program_version()) + "\" \"holdfast\"\n";
}

std::string roff_flags(const std::vector<OptionSpec>& options) {
  std::string text;
  for (const OptionSpec& option : options) {
    text += ".TP\n";
    if (!option.letter.empty()) text += "\\fB" + roff("-" + std::string(option.letter)) + "\\fR, ";
    text += "\\fB" + roff("--" + std::string(option.name)) + "\\fR";
    if (!option.value.empty()) text += " \\fI" + roff(option.value) + "\\fR";
    text += "\n" + roff(option.help) + "\n";
  }
  return text;
}

std::string roff_exit_codes() {
  std::string text = ".SH EXIT STATUS\n";
  for (const int code : exit_codes)
    text += ".TP\n" + std::to_string(code) + "\n" + roff(describe(static_cast<Exit>(code))) + "\n";
  return text;
}

// Within a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string markdown_flags(const std::vector<OptionSpec>& options) {
  std::string text = "| flag | |\n|---|---|\n";
  for (const OptionSpec& option : options) {
    text += "| `" + (option.letter.empty() ? "" : "-" + std::string(option.letter) + "` `") + "--" +
            std::string(option.name);
    if (!option.value.empty()) text += " " + std::string(option.value);
    text += "` | " + cell(option.help) + (option.repeats ? " (may be given more than once)" : "") + " |\n";
  }
  return text;
}

}  // namespace

std::string manual_roff(const Verb& verb) {
  std::string dashed = "holdfast-" + std::string(verb.name);
  for (char& c : dashed) c = c == ' ' ? '-' : c;
  std::string text = roff_title(dashed) + ".SH NAME\n" + roff(dashed) + " \\- " + roff(verb.summary) + "\n";
  text += ".SH SYNOPSIS\n" + roff(usage_of(verb)) + "\n.SH DESCRIPTION\n" + roff(verb.description) + "\n";
  if (!verb.arguments.empty()) text += ".SH ARGUMENTS\n";
  for (const ArgumentSpec& argument : verb.arguments)
    text += ".TP\n\\fI" + roff(argument.name) + "\\fR\n" + roff(argument.help) + "\n";
  text += ".SH OPTIONS\n" + roff_flags(verb.options) + ".SS Flags of all commands\n" + roff_flags(global_options());
  text += roff_exit_codes() + ".SH EXAMPLES\n.nf\n";
  for (const std::string_view example : verb.examples) text += roff(example) + "\n";
  return text + ".fi\n.SH SEE ALSO\n" + roff("holdfast") + "(1)\n";
}

std::string manual_roff_of_program() {
  std::string text = roff_title("holdfast") +
                     ".SH NAME\nholdfast \\- backup and disaster recovery\n.SH SYNOPSIS\nholdfast COMMAND [flags]\n";
  text += ".SH COMMANDS\n";
  for (const Verb& verb : verbs())
    if (!verb.hidden) text += ".TP\n\\fB" + roff(verb.name) + "\\fR\n" + roff(verb.summary) + "\n";
  text += ".SH OPTIONS\n" + roff_flags(global_options());
  text += ".SH ENVIRONMENT\n";
  for (const auto& [name, help] :
       {std::pair("HOLDFAST_CONFIG", "the configuration file"), std::pair("HOLDFAST_REPO", "the repository"),
        std::pair("HOLDFAST_PASSPHRASE_FILE", "the file with the passphrase"),
        std::pair(
            "HOLDFAST_CACHE_DIR",
            "what this machine remembers of repositories; else $XDG_CACHE_HOME/holdfast, else ~/.cache/holdfast")})
    text += ".TP\n" + roff(name) + "\n" + roff(help) + "\n";
  return text + roff_exit_codes();
}

std::string manual_markdown() {
  std::string text = "# Commands\n\nWritten by `holdfast man --markdown`; do not edit.\n\n";
  text += "## Exit codes\n\n| code | meaning |\n|---|---|\n";
  for (const int code : exit_codes)
    text += "| " + std::to_string(code) + " | " + std::string(describe(static_cast<Exit>(code))) + " |\n";
  text += "\n## Flags of all commands\n\n" + markdown_flags(global_options());
  for (const Verb& verb : verbs()) {
    if (verb.hidden) continue;
    text += "\n## holdfast " + std::string(verb.name) + "\n\n" + std::string(verb.summary) + ".\n\n```\n" +
            usage_of(verb) + "\n```\n\n";
    text += std::string(verb.description) + "\n\n";
    for (const ArgumentSpec& argument : verb.arguments)
      text += "- `" + std::string(argument.name) + "`: " + std::string(argument.help) + "\n";
    if (!verb.arguments.empty()) text += "\n";
    if (!verb.options.empty()) text += markdown_flags(verb.options) + "\n";
    text += "```\n";
    for (const std::string_view example : verb.examples) text += std::string(example) + "\n";
    text += "```\n";
  }
  return text;
}

}  // namespace hf
