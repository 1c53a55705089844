#include "app/help.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t wrap_columns = 100;

std::string flag_text(const OptionSpec& option) {
  std::string text = option.letter.empty() ? "    " : "-" + std::string(option.letter) + ", ";
  text += "--" + std::string(option.name);
  if (!option.value.empty()) text += " " + std::string(option.value);
  return text;
}

std::string pad(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

// Lines of at most `wrap_columns`, the first going on behind `lead`, the others indented as far.
std::string wrapped(std::string lead, std::string_view text) {
  const size_t indent = lead.size();
  std::string out, line = std::move(lead);
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() + word.size() + 1 > wrap_columns && line.size() > indent) {
      out += line + "\n";
      line = std::string(indent, ' ');
    }
    line += (line.size() > indent ? " " : "") + word;
  }
  return out + line + "\n";
}

std::string list_flags(const std::vector<OptionSpec>& options) {
  size_t width = 0;
  for (const OptionSpec& option : options) width = std::max(width, flag_text(option).size());
  std::string text;
  for (const OptionSpec& option : options)
    text += wrapped("  " + pad(flag_text(option), width + 2),
                    std::string(option.help) + (option.repeats ? " (may be given more than once)" : ""));
  return text;
}

}  // namespace

std::string usage_of(const Verb& verb) {
  std::string text = "holdfast " + std::string(verb.name);
  for (const ArgumentSpec& argument : verb.arguments) {
    std::string name(argument.name);
    if (!argument.choices.empty()) {
      name.clear();
      for (const std::string_view choice : argument.choices) name += (name.empty() ? "" : "|") + std::string(choice);
    }
    if (argument.count == ArgumentSpec::Count::Any) name += "…";
    text += argument.count == ArgumentSpec::Count::One ? " " + name : " [" + name + "]";
  }
  return text + " [flags]";
}

std::string help_text(const Verb& verb) {
  std::string text =
      std::string(verb.summary) + "\n\nUsage: " + usage_of(verb) + "\n\n" + wrapped("", verb.description);
  if (!verb.arguments.empty()) {
    text += "\nArguments:\n";
    size_t width = 0;
    for (const ArgumentSpec& argument : verb.arguments) width = std::max(width, argument.name.size());
    for (const ArgumentSpec& argument : verb.arguments)
      text += wrapped("  " + pad(std::string(argument.name), width + 2), argument.help);
  }
  if (!verb.options.empty()) text += "\nFlags:\n" + list_flags(verb.options);
  text += "\nFlags of all commands:\n" + list_flags(global_options());
  text += "\nExamples:\n";
  for (const std::string_view example : verb.examples) text += "  " + std::string(example) + "\n";
  return text;
}

std::string help_text_of_group(std::string_view group) {
  std::string text = std::string(group_summary(group)) + "\n\nUsage: holdfast " + std::string(group) +
                     " COMMAND [flags]\n\nCommands:\n";
  std::string examples;
  for (const Verb& verb : verbs()) {
    if (!verb.name.starts_with(std::string(group) + " ")) continue;
    text += "  " + pad(std::string(verb.name.substr(group.size() + 1)), 12) + std::string(verb.summary) + "\n";
    if (std::count(examples.begin(), examples.end(), '\n') < 3) examples += "  " + std::string(verb.examples[0]) + "\n";
  }
  return text + "\nExamples:\n" + examples;
}

std::string help_text_of_program() {
  std::string text =
      "holdfast: backups that are proven, and restores that are as easy as backups\n\nUsage: holdfast COMMAND "
      "[flags]\n\nCommands:\n";
  for (const Verb& verb : verbs())
    if (!verb.hidden) text += "  " + pad(std::string(verb.name), 18) + std::string(verb.summary) + "\n";
  text += "\nFlags of all commands:\n" + list_flags(global_options());
  return text +
         "\nExamples:\n"
         "  holdfast init --repo /backup/repo --passphrase-file /etc/holdfast/passphrase\n"
         "  holdfast backup --repo /backup/repo --passphrase-file /etc/holdfast/passphrase files:/srv/uploads\n"
         "  holdfast restore latest --repo /backup/repo --passphrase-file /etc/holdfast/passphrase --in "
         "/srv/restored\n";
}

std::string program_version() {
  return HF_VERSION;
}

}  // namespace hf
