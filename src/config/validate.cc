#include "config/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace hf::config {
namespace {

constexpr uint64_t count_max = 1'000'000;
constexpr size_t name_bytes_max = 64;
constexpr std::string_view secrets_elsewhere =
    "no secret stands here literally: define it under `secrets`, as {file: PATH}, {env: NAME}, {credential: NAME} or "
    "{exec: [PROGRAM, …]}, and write $name where a key takes it";

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::optional<std::string> nearest = closest(name, candidates);
  return nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : "";
}

std::string listed(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

bool is_good_name(std::string_view name) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, is_good) && name[0] != '-';
}

// "sources" -> "source"
std::string_view singular(std::string_view section) {
  if (section == "policies") return "policy";
  return section.substr(0, section.size() - 1);
}

class Validator {
 public:
  Validator(const Table& table, const Defined& defined, Problems& problems)
      : table_(table), defined_(defined), problems_(problems) {}

  // `at` is the key's place: where something is missing is said there.
  void check(const Node& node, const KeySpec& spec, Place at) {
    if (spec.or_section && node.kind == Node::Kind::Map) return check_section(node, spec, at);
    switch (spec.shape) {
      case Shape::Section:
        return check_section(node, spec, at);
      case Shape::Names:
        return check_names(node, spec);
      case Shape::Kinded:
        return check_kinded(node, spec, at);
      case Shape::TextOrList:
        if (node.kind == Node::Kind::Scalar) return check_text(node, spec);
        return check_list(node, spec);
      case Shape::TextList:
        return check_list(node, spec);
      case Shape::Text:
        return check_text(node, spec);
      case Shape::SecretUse:
        return check_secret(node, spec);
      case Shape::TextOrSecret:
        if (node.kind == Node::Kind::Scalar && node.text.starts_with('$')) return check_secret(node, spec);
        return check_text(node, spec);
      case Shape::Map:
        return check_map(node, spec);
      case Shape::List:
        return check_items(node, spec);
      case Shape::Keyed:
        return check_keyed(node, spec, at);
      default:
        return check_typed(node, spec);
    }
  }

 private:
  std::string shown(const KeySpec& spec) const {
    const bool has_key = key_of(spec) != "*" && key_of(spec) != "#" && !spec.path.ends_with(')');
    return spec.path.empty() ? "the file" : fmt::format("\"{}\"", has_key ? key_of(spec) : spec.path);
  }

  void wrong_type(const Node& node, const KeySpec& spec) {
    if (node.kind == Node::Kind::Null)
      return problems_.add(node.place, fmt::format("{} has no value: it takes {}", shown(spec), describe(spec.shape)));
    std::string what = fmt::format("{} takes {}", shown(spec), describe(spec.shape));
    if (spec.or_section) what += ", or a map of keys";
    if (spec.path.starts_with("secrets.*"))
      what = "a secret is a reference: write {file: PATH}, {env: NAME}, {credential: NAME} or {exec: [PROGRAM, …]}";
    // Text where a map belongs may be what must not be shown.
    if (node.kind == Node::Kind::Scalar && (spec.shape == Shape::Section || spec.shape == Shape::Kinded))
      return problems_.add_secret(node.place, std::move(what));
    if (node.kind == Node::Kind::Scalar && spec.shape == Shape::TextList) what += ", in [ ]";
    problems_.add(node.place, std::move(what));
  }

  void check_section(const Node& node, const KeySpec& spec, Place at) {
    if (node.kind != Node::Kind::Map) return wrong_type(node, spec);
    const std::vector<const KeySpec*> known = table_.below(spec);
    std::vector<std::string> keys;
    keys.reserve(known.size());
    for (const KeySpec* row : known) keys.emplace_back(key_of(*row));
    for (const Member& member : node.members) {
      const auto row = std::ranges::find(keys, member.key);
      if (row != keys.end())
        check(member.value, *known[static_cast<size_t>(row - keys.begin())], member.place);
      else if (is_secret_name(member.key) && member.value.kind == Node::Kind::Scalar)
        problems_.add_secret(member.value.place,
                             fmt::format("unknown key \"{}\", and {}", member.key, secrets_elsewhere));
      else
        problems_.add(member.place, unknown_key(member.key, spec, keys));
    }
    for (const KeySpec* row : known) {
      if (row->required && node.find(key_of(*row)) == nullptr)
        problems_.add(at, fmt::format("\"{}\" is missing: {}", key_of(*row), row->doc));
    }
    check_one_of(node, spec, at);
  }

  std::string unknown_key(const std::string& key, const KeySpec& spec, const std::vector<std::string>& keys) {
    const std::string nearest = did_you_mean(key, keys);
    if (!nearest.empty()) return fmt::format("unknown key \"{}\"{}", key, nearest);
    if (spec.path.empty()) return fmt::format("unknown key \"{}\": not known in this version", key);
    return fmt::format("unknown key \"{}\": not known in this version; known here: {}", key, listed(keys));
  }

  void check_one_of(const Node& node, const KeySpec& spec, Place at) {
    if (spec.one_of.empty()) return;
    const Member* first = nullptr;
    for (const Member& member : node.members) {
      if (std::ranges::find(spec.one_of, member.key) == spec.one_of.end()) continue;
      if (first != nullptr)
        problems_.add(member.place, fmt::format("either \"{}\" or \"{}\", not both", first->key, member.key));
      first = &member;
    }
    if (first == nullptr) problems_.add(at, fmt::format("one of these keys is missing: {}", listed(spec.one_of)));
  }

  void check_names(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::Map) return wrong_type(node, spec);
    const KeySpec* each = table_.find(spec.path + ".*");
    HF_ASSERT(each != nullptr);
    for (const Member& member : node.members) {
      if (!is_good_name(member.key))
        problems_.add(member.place, "a name is 1 to 64 letters, digits, - or _, and does not begin with -");
      check(member.value, *each, member.place);
    }
  }

  void check_kinded(const Node& node, const KeySpec& spec, Place at) {
    if (node.kind != Node::Kind::Map) return wrong_type(node, spec);
    const std::vector<std::string> kinds = kinds_of(spec);
    const Node* type = node.find("type");
    if (type == nullptr) return problems_.add(at, fmt::format("\"type\" is missing: one of {}", listed(kinds)));
    if (type->kind != Node::Kind::Scalar) return problems_.add(type->place, "\"type\" takes text");
    const KeySpec* section = table_.find(fmt::format("{}({})", spec.path, type->text));
    if (section != nullptr) return check_section(node, *section, at);
    std::string what = did_you_mean(type->text, kinds);
    if (what.empty()) what = ": known are " + listed(kinds);
    problems_.add(type->place, fmt::format("unknown type \"{}\"{}", type->text, what));
  }

  std::vector<std::string> kinds_of(const KeySpec& spec) const {
    std::vector<std::string> kinds;
    for (const KeySpec* row : table_.below(spec)) kinds.push_back(kind_of(*row));
    return kinds;
  }

  void check_keyed(const Node& node, const KeySpec& spec, Place at) {
    if (node.kind != Node::Kind::Map) return wrong_type(node, spec);
    const std::vector<std::string> kinds = kinds_of(spec);
    const Member* first = nullptr;
    for (const Member& member : node.members) {
      if (std::ranges::find(kinds, member.key) == kinds.end()) continue;
      if (first != nullptr)
        return problems_.add(member.place, fmt::format("either \"{}\" or \"{}\", not both", first->key, member.key));
      first = &member;
    }
    if (first != nullptr)
      return check_section(node, *table_.find(fmt::format("{}({})", spec.path, first->key)), first->place);
    const Member* written = node.members.empty() ? nullptr : &node.members.front();
    const std::string nearest = written == nullptr ? "" : did_you_mean(written->key, kinds);
    if (!nearest.empty())
      return problems_.add(written->place, fmt::format("unknown key \"{}\"{}", written->key, nearest));
    problems_.add(at, fmt::format("one of these keys is missing: {}", listed(kinds)));
  }

  void check_items(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::List) return wrong_type(node, spec);
    if (node.items.empty()) return problems_.add(node.place, fmt::format("{} is empty", shown(spec)));
    const KeySpec* each = table_.find(spec.path + ".#");
    HF_ASSERT(each != nullptr);
    for (const Node& item : node.items) check(item, *each, item.place);
  }

  void check_map(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::Map) return wrong_type(node, spec);
    for (const Member& member : node.members) {
      const Node& value = member.value;
      if (member.key.empty()) problems_.add(member.place, fmt::format("a name in {} is empty", shown(spec)));
      if (value.kind != Node::Kind::Scalar)
        problems_.add(member.place, fmt::format("\"{}\" takes text", member.key));
      else if (value.text.starts_with('$'))
        check_secret(value, spec);
      else if (has_password(value.text) || is_secret_name(member.key))
        problems_.add_secret(value.place, fmt::format("\"{}\" holds a secret: {}", member.key, secrets_elsewhere));
    }
  }

  void check_list(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::List) return wrong_type(node, spec);
    // A kind may take an empty list for an option that need not be there.
    if (node.items.empty() && (spec.required || spec.path.find('(') == std::string::npos))
      return problems_.add(node.place, fmt::format("{} is empty", shown(spec)));
    std::set<std::string_view> seen;
    for (const Node& item : node.items) {
      check_text(item, spec);
      const bool is_again = item.kind == Node::Kind::Scalar && !seen.insert(item.text).second;
      if (is_again && !spec.refers.empty()) problems_.add(item.place, fmt::format("\"{}\" is listed twice", item.text));
    }
  }

  void check_text(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::Scalar) return wrong_type(node, spec);
    if (node.text.empty()) return problems_.add(node.place, fmt::format("{} is empty", shown(spec)));
    if (!check_no_secret(node, spec)) return;
    if (!spec.choices.empty() && std::ranges::find(spec.choices, node.text) == spec.choices.end())
      return problems_.add(node.place, fmt::format("{}: {}", shown(spec), complaint(node, spec)));
    if (!spec.refers.empty()) check_reference(node.text, node.place, spec.refers);
  }

  std::string complaint(const Node& node, const KeySpec& spec) {
    if (!spec.complaint.empty()) return spec.complaint;
    return "one of " + listed(spec.choices) + did_you_mean(node.text, spec.choices);
  }

  // False: `node` is where a secret must not be.
  bool check_no_secret(const Node& node, const KeySpec& spec) {
    constexpr std::string_view instead =
        "take it out, and let the program or server read it from a file that only its user may read";
    if (has_password(node.text)) {
      problems_.add_secret(node.place, fmt::format("a password stands in {}: {}", shown(spec), instead));
      return false;
    }
    if (is_secret_name(key_of(spec))) {
      problems_.add_secret(node.place, fmt::format("{} is given literally: {}", shown(spec), instead));
      return false;
    }
    const auto secrets = defined_.find("secrets");
    if (secrets == defined_.end()) return true;
    for (const std::string& name : secrets->second) {
      if (node.text.find("$" + name) == std::string::npos) continue;
      problems_.add(node.place, fmt::format("{} does not take a secret: \"${}\" stands alone, and only where a key "
                                            "takes one",
                                            shown(spec), name));
      return false;
    }
    return true;
  }

  void check_secret(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::Scalar) return wrong_type(node, spec);
    if (!node.text.starts_with('$') || !is_good_name(node.text.substr(1)))
      return problems_.add_secret(node.place, fmt::format("{}: {}", shown(spec), secrets_elsewhere));
    check_reference(node.text.substr(1), node.place, "secrets");
  }

  void check_reference(const std::string& name, Place place, const std::string& section) {
    const auto names = defined_.find(section);
    static const std::vector<std::string> none;
    const std::vector<std::string>& known = names == defined_.end() ? none : names->second;
    if (std::ranges::find(known, name) != known.end()) return;
    problems_.add(place, fmt::format("no {} is named \"{}\"{}", singular(section), name, did_you_mean(name, known)));
  }

  void check_typed(const Node& node, const KeySpec& spec) {
    if (node.kind != Node::Kind::Scalar) return wrong_type(node, spec);
    const Result<std::string> value = normal_form(spec.shape, node);
    if (!value.ok()) return problems_.add(node.place, fmt::format("{}: {}", shown(spec), value.error().message()));
    if (!spec.choices.empty() && std::ranges::find(spec.choices, value.value()) == spec.choices.end())
      problems_.add(node.place, fmt::format("{}: {}", shown(spec), complaint(node, spec)));
  }

  const Table& table_;
  const Defined& defined_;
  Problems& problems_;
};

Result<std::string> flag_form(const Node& scalar) {
  if (scalar.text == "true" || scalar.text == "false") {
    if (!scalar.quoted) return scalar.text;
    return Error(Code::Invalid, "only true and false are booleans; take off the quotes of " + scalar.text);
  }
  std::string word = scalar.text;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::ranges::transform(word, word.begin(), lower);
  for (const char* yes : {"yes", "on", "y", "true", "1"})
    if (word == yes) return Error(Code::Invalid, "only true and false are booleans; did you mean true?");
  for (const char* no : {"no", "off", "n", "false", "0"})
    if (word == no) return Error(Code::Invalid, "only true and false are booleans; did you mean false?");
  return Error(Code::Invalid, "only true and false are booleans");
}

}  // namespace

Result<std::string> normal_form(Shape shape, const Node& scalar) {
  if (shape == Shape::Flag) return flag_form(scalar);
  if (shape == Shape::Span) return std::to_string(HF_TRY(parse_duration(scalar.text)).count());
  if (shape == Shape::Size) return std::to_string(HF_TRY(parse_size(scalar.text)));
  HF_ASSERT(shape == Shape::Count);
  // The grammar of a size without a unit is that of a count.
  const bool is_number = !scalar.quoted && scalar.text.find_first_not_of("0123456789") == std::string::npos;
  const Result<uint64_t> count = parse_size(scalar.text);
  if (!is_number || !count.ok() || count.value() > count_max)
    return Error(Code::Invalid, "a whole number from 0 to 1000000, without quotes");
  return std::to_string(count.value());
}

void validate(const Node& root, const Table& table, const Defined& defined, Problems& problems) {
  const KeySpec* top = table.find("");
  HF_ASSERT(top != nullptr);
  Validator(table, defined, problems).check(root, *top, root.place);
}

}  // namespace hf::config
