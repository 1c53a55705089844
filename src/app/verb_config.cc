#include "app/doctor.h"
#include "app/kinds.h"
#include "app/session.h"
#include "app/table.h"
#include "app/verbs.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::string_view default_file = "holdfast.yaml";

// The file named, else the one that would be used.
Result<std::string> file_to_read(Context& context) {
  const std::string named = context.args.text("FILE");
  const std::string path = named.empty() ? find_config(context) : named;
  if (path.empty())
    return Error(Code::Invalid, "there is no configuration").with_hint("holdfast config init writes one");
  return path;
}

Result<config::Config> load(Context& context, const std::string& path) {
  Result<config::Config> loaded = config::load(context.program.fs, path, config_schemas());
  if (!loaded.ok() && loaded.error().code() == Code::NotFound)
    return Error(Code::Invalid, "there is no configuration " + printable(path))
        .with_hint("holdfast config init writes one");
  return loaded;
}

Result<Exit> run_init(Context& context) {
  std::string path = context.args.text("FILE");
  if (path.empty()) path = context.args.text("config", default_file);
  const size_t slash = path.rfind('/');
  const auto directory =
      HF_TRY(context.program.fs.open_directory(path.substr(0, slash == path.npos ? 0 : slash + 1) + "."));
  const std::string name = path.substr(slash == path.npos ? 0 : slash + 1);
  const std::string text = config::sample_yaml(config_schemas());
  if (context.args.has("dry-run")) {
    if (directory->info(name).ok())
      return Error(Code::Refused, printable(path) + " is there already")
          .with_hint("name another file: holdfast config init FILE");
    context.out.print("would write " + printable(path) + ", " + format_bytes(text.size()) + "; nothing was written");
    context.out.document(JsonObject().add("dry_run", true).add("file", path).add("bytes", text.size()));
    return Exit::Done;
  }
  // The name is taken only if nobody has it: not even one who came in between.
  Result<std::unique_ptr<File>> file = directory->create_file(name, 0600);
  if (!file.ok() && file.error().code() == Code::Exists)
    return Error(Code::Refused, printable(path) + " is there already; it was not touched")
        .with_hint("name another file: holdfast config init FILE");
  const std::unique_ptr<File> created = HF_TRY(std::move(file));
  HF_TRY(created->write_at(0, as_bytes(text)));
  HF_TRY(created->sync());
  HF_TRY(directory->sync());
  context.out.say("wrote " + printable(path) + "; fill it in, then: holdfast config check " + printable(path));
  context.out.document(JsonObject().add("file", path).add("bytes", text.size()));
  return Exit::Done;
}

Result<Exit> run_check(Context& context) {
  const std::string path = HF_TRY(file_to_read(context));
  config::Config config = HF_TRY(load(context, path));
  for (const std::string& note : config.notes) context.out.warn("note: " + printable(note));
  context.out.say(printable(path) + " is good: " + std::to_string(config.sets.size()) + " sets, " +
                  std::to_string(config.sources.size()) + " sources, " + std::to_string(config.targets.size()) +
                  " targets");
  const std::vector<std::string> warnings = policy_domain_warnings(context.program.fs, config);
  for (const std::string& warning : warnings) context.out.warn("warning: " + warning);
  if (context.args.has("live")) {
    Settings settings{.config_path = path, .targets = targets_of(config), .has_copies = config.targets.size() > 1};
    settings.config = std::move(config);
    return run_doctor(context, std::move(settings));
  }
  context.out.document(JsonObject()
                           .add("file", path)
                           .add("status", "passed")
                           .add("sets", config.sets.size())
                           .add("sources", config.sources.size())
                           .add("targets", config.targets.size())
                           .add("warnings", json_list(warnings))
                           .add("notes", json_list(config.notes)));
  return Exit::Done;
}

Result<Exit> run_show(Context& context) {
  const std::string path = HF_TRY(file_to_read(context));
  const config::Config config = HF_TRY(load(context, path));
  const bool resolved = context.args.has("resolved"), with_origin = context.args.has("origin");
  Table table(with_origin ? std::vector<std::string>{"key", "value", "origin"}
                          : std::vector<std::string>{"key", "value"});
  JsonArray values;
  for (const config::Shown& shown : config.values) {
    const bool is_default = shown.origin.file.empty();
    if (is_default && !resolved) continue;
    const std::string origin = is_default ? "default" : shown.origin.file + ":" + std::to_string(shown.origin.line);
    std::vector<std::string> row{printable(shown.path), printable(shown.value)};
    if (with_origin) row.push_back(printable(origin));
    table.add(std::move(row));
    values.add(JsonObject().add("key", shown.path).add("value", shown.value).add("origin", origin));
  }
  for (const std::string& line : table.lines()) context.out.print(line);
  context.out.document(JsonObject().add("file", path).add("values", values.json()));
  return Exit::Done;
}

Result<Exit> run_schema(Context& context) {
  // A JSON Schema is a document of its own kind, whatever the format.
  std::string schema = config::schema_json(config_schemas());
  if (!context.out.is_jsonl()) {
    context.out.raw(as_bytes(schema));
    return Exit::Done;
  }
  std::erase(schema, '\n');  // strings have none as it is
  context.out.document(JsonObject().add("json_schema", Json::raw(std::move(schema))));
  return Exit::Done;
}

Verb make(std::string_view name, std::string_view summary, std::string_view description,
          std::array<std::string_view, 3> examples, std::function<Result<Exit>(Context&)> run) {
  return {.name = name,
          .summary = summary,
          .description = description,
          .arguments = {},
          .options = {},
          .examples = examples,
          .run = std::move(run)};
}

}  // namespace

std::vector<Verb> config_verbs() {
  const ArgumentSpec file{"FILE",
                          "the configuration (default: the one that would be used)",
                          ArgumentSpec::Count::Optional,
                          {},
                          ArgumentSpec::Completes::Files};
  Verb init = make("config init", "Write a commented configuration",
                   "Writes a new configuration in which every key is explained. A file that is there is never touched "
                   "(exit code 7).",
                   {"holdfast config init", "holdfast config init /etc/holdfast/holdfast.yaml",
                    "holdfast config init test.yaml -o json"},
                   run_init);
  init.arguments = {
      {"FILE", "where to (default: holdfast.yaml)", ArgumentSpec::Count::Optional, {}, ArgumentSpec::Completes::Files}};
  init.options = {{"dry-run", "", "", "say what would be written; nothing is"}};
  Verb check = make(
      "config check", "Check a configuration",
      "Reads the configuration as strictly as any command does, and lists all mistakes with file, line "
      "and what to write instead. Exit code 2 if there is one. --live goes on to what it names, as `holdfast doctor` "
      "does: exit code 5 if something there is bad.",
      {"holdfast config check", "holdfast config check holdfast.yaml --live",
       "holdfast config check -c /etc/holdfast/holdfast.yaml -o json"},
      run_check);
  check.arguments = {file};
  check.options = {{"live", "", "", "and look at the secrets, targets, keys, points and sources that it names"}};
  Verb show = make(
      "config show", "Show the configuration as it counts",
      "Shows every value that is set; secrets are shown as references, never as what they are.",
      {"holdfast config show", "holdfast config show --resolved --origin", "holdfast config show --resolved -o json"},
      run_show);
  show.arguments = {file};
  show.options = {{"resolved", "", "", "defaults, too"}, {"origin", "", "", "the file and line of each value"}};
  Verb schema = make("config schema", "Print the JSON Schema of the configuration",
                     "For editors, which then complete and check keys as they are typed.",
                     {"holdfast config schema", "holdfast config schema > holdfast.schema.json",
                      "holdfast config schema | python3 -m json.tool"},
                     run_schema);
  std::vector<Verb> verbs;
  for (Verb* verb : {&init, &check, &show, &schema}) verbs.push_back(std::move(*verb));
  return verbs;
}

}  // namespace hf
