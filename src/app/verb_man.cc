#include "app/help.h"
#include "app/program.h"
#include "app/verbs.h"
#include "sys/entry.h"

namespace hf {
namespace {

Result<Exit> run_verb(Context& context) {
  if (context.args.has("markdown")) {
    context.out.text("manual", manual_markdown());
    return Exit::Done;
  }
  std::string name;
  for (const std::string& word : context.args.all("COMMAND")) name += (name.empty() ? "" : " ") + word;
  if (name.empty()) {
    context.out.text("manual", manual_roff_of_program());
    return Exit::Done;
  }
  const Verb* verb = find_verb(name);
  if (verb == nullptr)
    return Error(Code::Invalid, "unknown command " + printable(name)).with_hint("holdfast --help lists all commands");
  context.out.text("manual", manual_roff(*verb));
  return Exit::Done;
}

Result<Exit> run_version(Context& context) {
  context.out.print("holdfast " + program_version());
  context.out.document(JsonObject().add("version", program_version()).add("format", 1));
  return Exit::Done;
}

}  // namespace

Verb man_verb() {
  return {
      .name = "man",
      .summary = "Print a manual page",
      .description =
          "Prints the manual page of a command, or of the program, as roff; --markdown prints all of them as Markdown.",
      .arguments = {{"COMMAND", "for example: backup, key add", ArgumentSpec::Count::Any}},
      .options = {{"markdown", "", "", "all commands, as Markdown"}},
      .examples = {"holdfast man | man -l -", "holdfast man restore | man -l -", "holdfast man --markdown > CLI.md"},
      .run = run_verb};
}

Verb version_verb() {
  return {.name = "version",
          .summary = "Print the version",
          .description = "Prints the version of the program.",
          .arguments = {},
          .options = {},
          .examples = {"holdfast version", "holdfast version -o json", "holdfast --version"},
          .run = run_version};
}

}  // namespace hf
