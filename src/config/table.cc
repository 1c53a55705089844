#include "config/table.h"

#include <algorithm>

namespace hf::config {
namespace {

std::vector<KeySpec> general_rows() {
  return {
      {.path = "",
       .shape = Shape::Section,
       .doc = "holdfast.yaml: what is protected, where it is kept, and for how long."},
      {.path = "version",
       .shape = Shape::Count,
       .doc = "The version of this file's format: 1.",
       .required = true,
       .choices = {"1"},
       .complaint = "this program reads version 1",
       .main_only = true,
       .sample = "1"},
      {.path = "instance",
       .doc = "A name for this installation, shown in status and reports.",
       .main_only = true,
       .sample = "example"},
      {.path = "timezone",
       .doc = "The time zone of times and calendars.",
       .fallback = "UTC",
       .choices = {"UTC"},
       .complaint = "this version knows only UTC",
       .main_only = true},
      {.path = "names_only",
       .shape = Shape::Flag,
       .doc = "Reports, status and messages hold names, and never what servers or programs said.",
       .fallback = "false",
       .main_only = true},
      {.path = "include",
       .shape = Shape::TextList,
       .doc = "More files, relative to this one; `*` and `?` match in the last part of a path. They may hold secrets, "
              "keys, targets, sources, policies and sets, each name once.",
       .main_only = true},
  };
}

std::vector<KeySpec> secret_rows() {
  return {
      {.path = "secrets",
       .shape = Shape::Names,
       .doc = "Where secrets are found; used elsewhere as `$name`. A secret itself never stands in this file."},
      {.path = "secrets.*",
       .shape = Shape::Section,
       .doc = "One secret. A trailing newline is not part of it.",
       .one_of = {"env", "file", "credential", "exec"},
       .sample = "repository-passphrase"},
      {.path = "secrets.*.env", .doc = "The environment variable that holds it."},
      {.path = "secrets.*.file",
       .doc = "The file that holds it; only its owner may read it (chmod 600).",
       .sample = "/etc/holdfast/passphrase"},
      {.path = "secrets.*.credential", .doc = "The systemd credential that holds it (LoadCredential=)."},
      {.path = "secrets.*.exec",
       .shape = Shape::TextList,
       .doc = "The program, with its arguments, that prints it within 30 seconds. It is run without a shell, and gets "
              "PATH, HOME and LANG only: begin with [env, NAME=value, …] for more."},
      {.path = "keys", .shape = Shape::Names, .doc = "What opens repositories, and what signs in them."},
      {.path = "keys.*",
       .shape = Shape::Section,
       .doc = "One key. With `algorithm` it signs, otherwise it encrypts.",
       .one_of = {"passphrase", "file", "identity", "recipient"},
       .sample = "primary"},
      {.path = "keys.*.passphrase",
       .shape = Shape::SecretUse,
       .doc = "A passphrase, as a reference to a secret.",
       .refers = "secrets",
       .sample = "$repository-passphrase"},
      {.path = "keys.*.file",
       .doc = "A file of at least 32 random bytes; with `algorithm`, the private signing key in PEM, as openssl "
              "genpkey writes it."},
      {.path = "keys.*.identity", .doc = "An X25519 private key in PEM: opens what its recipient was given."},
      {.path = "keys.*.recipient",
       .doc = "An X25519 public key in PEM: a repository that it is added to opens with its identity, which this "
              "machine need not have."},
      {.path = "keys.*.algorithm", .doc = "How `file` signs.", .choices = {"ed25519", "ecdsa-p256", "rsa-pss"}},
  };
}

std::vector<KeySpec> place_rows() {
  return {
      {.path = "targets", .shape = Shape::Names, .doc = "Where copies are kept."},
      {.path = "targets.*", .shape = Shape::Kinded, .doc = "One target."},
      {.path = "sources", .shape = Shape::Names, .doc = "What is protected."},
      {.path = "sources.*", .shape = Shape::Kinded, .doc = "One source."},
      {.path = "environments", .shape = Shape::Names, .doc = "Where points are restored, and where services run."},
      {.path = "environments.*", .shape = Shape::Kinded, .doc = "One environment."},
      {.path = "checks", .shape = Shape::Names, .doc = "Smoke tests, in groups: for `holdfast verify --checks NAME`."},
      {.path = "checks.*",
       .shape = Shape::List,
       .doc = "One group: a list of checks, of which each is of the kind that one of its keys names.",
       .sample = "app"},
      {.path = "checks.*.#", .shape = Shape::Keyed, .doc = "One check."},
  };
}

std::vector<KeySpec> keep_rows(const std::string& path, const std::string& doc, bool is_sampled) {
  const auto count = [&](const char* key, const char* what, const char* sample) {
    return KeySpec{.path = path + "." + key,
                   .shape = Shape::Count,
                   .doc = what,
                   .fallback = "0",
                   .sample = is_sampled ? sample : ""};
  };
  return {
      {.path = path, .shape = Shape::Section, .doc = doc, .fallback = "everything", .sample = is_sampled ? "*" : ""},
      count("last", "This many of the newest points.", "7"),
      {.path = path + ".within",
       .shape = Shape::Span,
       .doc = "All points that are not older than this.",
       .sample = is_sampled ? "48h" : ""},
      count("hourly", "The newest point of each of this many hours.", ""),
      count("daily", "The newest point of each of this many days.", "30"),
      count("weekly", "The newest point of each of this many weeks (Monday to Sunday).", "13"),
      count("monthly", "The newest point of each of this many months.", "12"),
      count("yearly", "The newest point of each of this many years.", ""),
  };
}

std::vector<KeySpec> policy_rows() {
  std::vector<KeySpec> rows{
      {.path = "policies", .shape = Shape::Names, .doc = "How sets are kept."},
      {.path = "policies.*", .shape = Shape::Section, .doc = "One policy.", .sample = "standard"},
      {.path = "policies.*.extends",
       .doc = "The policy that holds for whatever this one does not say. Maps merge; lists and values replace.",
       .refers = "policies"},
  };
  for (KeySpec& row : keep_rows("policies.*.keep", "Which points stay: those that any of these rules keeps.", true))
    rows.push_back(std::move(row));
  const std::vector<KeySpec> more{
      {.path = "policies.*.copies",
       .shape = Shape::TextList,
       .doc = "The targets that get a copy, the first one first.",
       .fallback = "all targets",
       .refers = "targets",
       .sample = "*"},
      {.path = "policies.*.encrypt",
       .shape = Shape::TextOrList,
       .doc = "The keys that open the copies, each one alone.",
       .fallback = "all keys that encrypt",
       .refers = "keys",
       .sample = "primary"},
      {.path = "policies.*.sign",
       .doc = "The key that signs.",
       .fallback = "a key of the repository's own",
       .refers = "keys"},
      {.path = "policies.*.rpo",
       .shape = Shape::Span,
       .doc = "How much time's data may be lost; `rpo` in a check means this."},
      {.path = "policies.*.verify", .shape = Shape::List, .doc = "How points are proven: what each proof consists of."},
      {.path = "policies.*.verify.#", .shape = Shape::Section, .doc = "One proof."},
      {.path = "policies.*.verify.#.checks",
       .shape = Shape::TextList,
       .doc = "Groups of checks that the application must pass; `holdfast verify` runs them where none are named.",
       .required = true,
       .refers = "checks"},
  };
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

std::vector<KeySpec> set_rows() {
  std::vector<KeySpec> rows{
      {.path = "sets", .shape = Shape::Names, .doc = "What is backed up together, as one point."},
      {.path = "sets.*", .shape = Shape::Section, .doc = "One set.", .sample = "main"},
      {.path = "sets.*.members",
       .shape = Shape::TextList,
       .doc = "Its sources.",
       .required = true,
       .refers = "sources",
       .sample = "*"},
      {.path = "sets.*.policy",
       .doc = "How it is kept.",
       .fallback = "everything stays, on all targets",
       .refers = "policies",
       .sample = "standard"},
  };
  for (KeySpec& row : keep_rows("sets.*.keep", "Merged with the rules of the policy.", false))
    rows.push_back(std::move(row));
  rows[4].fallback = "as the policy says";
  return rows;
}

Shape shape_of(KindOption::Type type) {
  switch (type) {
    case KindOption::Type::Text:
      return Shape::Text;
    case KindOption::Type::TextList:
      return Shape::TextList;
    case KindOption::Type::Flag:
      return Shape::Flag;
    case KindOption::Type::Size:
      return Shape::Size;
    case KindOption::Type::Span:
      return Shape::Span;
    case KindOption::Type::Secret:
      return Shape::SecretUse;
    case KindOption::Type::TextOrList:
      return Shape::TextOrList;
    case KindOption::Type::Count:
      return Shape::Count;
    case KindOption::Type::TextOrSecret:
      return Shape::TextOrSecret;
    case KindOption::Type::Map:
      return Shape::Map;
    case KindOption::Type::Source:
      return Shape::Text;
  }
  return Shape::Text;
}

std::string refers_of(KindOption::Type type) {
  return type == KindOption::Type::Secret ? "secrets" : type == KindOption::Type::Source ? "sources" : "";
}

std::string sample_of(const KindOption& option) {
  if (!option.sample.empty() || !option.required) return option.sample;
  switch (option.type) {
    case KindOption::Type::Text:
    case KindOption::Type::TextOrList:
    case KindOption::Type::TextOrSecret:
      return "/srv/example";
    case KindOption::Type::TextList:
      return "[/srv/example]";
    case KindOption::Type::Count:
      return "0";
    case KindOption::Type::Secret:
      return "$repository-passphrase";
    case KindOption::Type::Map:
      return "{}";
    case KindOption::Type::Source:
      return "example-files";
    case KindOption::Type::Flag:
      return "false";
    case KindOption::Type::Size:
      return "64KiB";
    case KindOption::Type::Span:
      return "15m";
  }
  return "";
}

void add_options(const KindSchema& kind, const std::string& path, std::vector<KeySpec>& rows) {
  for (const KindOption& option : kind.options) {
    const auto is_below = [&](const KindOption& other) { return other.name.starts_with(option.name + "."); };
    rows.push_back({.path = path + "." + option.name,
                    .shape = shape_of(option.type),
                    .doc = option.help,
                    .required = option.required,
                    .refers = refers_of(option.type),
                    .or_section = std::ranges::any_of(kind.options, is_below),
                    .sample = sample_of(option)});
  }
}

void add_kinds(const std::vector<KindSchema>& kinds, const std::string& section, std::vector<KeySpec>& rows) {
  for (const KindSchema& kind : kinds) {
    const std::string path = section + ".*(" + kind.name + ")";
    rows.push_back({.path = path, .shape = Shape::Section, .doc = kind.help, .sample = "example-" + kind.name});
    rows.push_back({.path = path + ".type",
                    .doc = "The kind: " + kind.name + ".",
                    .required = true,
                    .choices = {kind.name},
                    .sample = kind.name});
    add_options(kind, path, rows);
  }
}

// Those whose kind is told by the key that is named after it.
void add_keyed_kinds(const std::vector<KindSchema>& kinds, const std::string& keyed, std::vector<KeySpec>& rows) {
  for (const KindSchema& kind : kinds) {
    HF_ASSERT(!kind.options.empty() && kind.options[0].name == kind.name);
    const std::string path = keyed + "(" + kind.name + ")";
    rows.push_back({.path = path, .shape = Shape::Section, .doc = kind.help});
    add_options(kind, path, rows);
  }
}

}  // namespace

Table::Table(const Schemas& schemas) : rows_(general_rows()) {
  for (KeySpec& row : secret_rows()) rows_.push_back(std::move(row));
  for (KeySpec& row : place_rows()) {
    const std::string path = row.path;
    rows_.push_back(std::move(row));
    if (path == "targets.*") add_kinds(schemas.targets, "targets", rows_);
    if (path == "sources.*") add_kinds(schemas.sources, "sources", rows_);
    if (path == "environments.*") add_kinds(schemas.environments, "environments", rows_);
    if (path == "checks.*.#") add_keyed_kinds(schemas.checks, path, rows_);
  }
  for (KeySpec& row : policy_rows()) rows_.push_back(std::move(row));
  for (KeySpec& row : set_rows()) rows_.push_back(std::move(row));
}

const KeySpec* Table::find(std::string_view path) const {
  for (const KeySpec& row : rows_)
    if (row.path == path) return &row;
  return nullptr;
}

std::vector<const KeySpec*> Table::below(const KeySpec& parent) const {
  // The first part of any path is below the row whose path is empty.
  const std::string prefix = parent.path + (has_kinds(parent) ? "(" : parent.path.empty() ? "" : ".");
  std::vector<const KeySpec*> rows;
  for (const KeySpec& row : rows_) {
    if (row.path.size() <= prefix.size() || !row.path.starts_with(prefix)) continue;
    if (row.path.find_first_of(".(", prefix.size()) == std::string::npos) rows.push_back(&row);
  }
  return rows;
}

bool has_kinds(const KeySpec& spec) {
  return spec.shape == Shape::Kinded || spec.shape == Shape::Keyed;
}

std::string kind_of(const KeySpec& spec) {
  const size_t open = spec.path.rfind('(') + 1;
  return spec.path.substr(open, spec.path.size() - open - 1);
}

std::string_view key_of(const KeySpec& spec) {
  return std::string_view(spec.path).substr(spec.path.rfind('.') + 1);  // npos + 1 is 0: all of it
}

std::string_view describe(Shape shape) {
  switch (shape) {
    case Shape::Section:
    case Shape::Kinded:
    case Shape::Keyed:
      return "a map of keys";
    case Shape::Names:
      return "a map of names";
    case Shape::Text:
      return "text";
    case Shape::TextList:
      return "a list of texts";
    case Shape::TextOrList:
      return "text, or a list of texts";
    case Shape::Flag:
      return "true or false";
    case Shape::Count:
      return "a whole number from 0 to 1000000";
    case Shape::Span:
      return "a duration, such as 15m or 30d";
    case Shape::Size:
      return "a size, such as 512MiB or 10GB";
    case Shape::SecretUse:
      return "a secret, as $name";
    case Shape::TextOrSecret:
      return "text, or a secret as $name";
    case Shape::Map:
      return "a map of names and texts";
    case Shape::List:
      return "a list of maps";
  }
  return "";
}

}  // namespace hf::config
