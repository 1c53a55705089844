#include "config/build.h"

#include <algorithm>
#include <charconv>

#include "config/policies.h"
#include "config/validate.h"

namespace hf::config {
namespace {

const Node& node_of(const Node& map, std::string_view key) {
  static const Node none;
  const Node* node = map.find(key);
  return node == nullptr ? none : *node;
}

std::string text_of(const Node& map, std::string_view key) {
  return node_of(map, key).text;
}

// The texts of a list, or the one text.
std::vector<std::string> texts_of(const Node& node) {
  if (node.kind == Node::Kind::Scalar) return {node.text};
  std::vector<std::string> texts;
  for (const Node& item : node.items) texts.push_back(item.text);
  return texts;
}

// 0 for what is not there, or not right.
int64_t number_of(const Node& map, std::string_view key, Shape shape) {
  const Node* node = map.find(key);
  if (node == nullptr || node->kind != Node::Kind::Scalar) return 0;
  const Result<std::string> normal = normal_form(shape, *node);
  int64_t number = 0;
  if (normal.ok()) std::from_chars(normal.value().data(), normal.value().data() + normal.value().size(), number);
  return number;
}

bool is_textual(Shape shape) {
  return shape == Shape::Text || shape == Shape::TextList || shape == Shape::TextOrList || shape == Shape::SecretUse ||
         shape == Shape::TextOrSecret;
}

SecretReference secret_of(const std::string& name, const Node& node) {
  using From = SecretReference::From;
  constexpr std::pair<std::string_view, From> ways[] = {
      {"env", From::Env}, {"file", From::File}, {"credential", From::Credential}, {"exec", From::Exec}};
  SecretReference secret{name};
  for (const auto& [key, from] : ways) {
    if (node.find(key) == nullptr) continue;
    secret.from = from;
    secret.words = texts_of(node_of(node, key));
  }
  return secret;
}

KeyConfig key_config_of(const Node& node) {
  using Kind = KeyConfig::Kind;
  KeyConfig key;
  if (const std::string reference = text_of(node, "passphrase"); reference.starts_with('$'))
    key.secret = reference.substr(1);
  constexpr std::pair<std::string_view, Kind> ways[] = {
      {"file", Kind::File}, {"identity", Kind::Identity}, {"recipient", Kind::Recipient}};
  for (const auto& [name, kind] : ways) {
    if (node.find(name) == nullptr) continue;
    key.kind = kind;
    key.path = text_of(node, name);
  }
  key.algorithm = text_of(node, "algorithm");
  if (!key.algorithm.empty()) key.kind = Kind::Signing;
  return key;
}

// Options as they are written below the row `path`; those in a map that stands for a value as "value.key".
void add_options(const Node& node, const Table& table, const std::string& path, const std::string& prefix,
                 KindOptions& options) {
  for (const Member& member : node.members) {
    const KeySpec* spec = table.find(path + "." + prefix + member.key);
    if (spec == nullptr || (prefix.empty() && member.key == "type")) continue;
    const Node& value = member.value;
    const std::string name = prefix + member.key;
    if (spec->or_section && value.kind == Node::Kind::Map) {
      add_options(value, table, path, name + ".", options);
    } else if (spec->shape == Shape::Map) {
      for (const Member& pair : value.members) {
        options[name].push_back(pair.key);
        options[name].push_back(pair.value.text);
      }
    } else if (is_textual(spec->shape)) {
      options[name] = texts_of(value);
    } else if (Result<std::string> normal = normal_form(spec->shape, value); normal.ok()) {
      options[name] = {std::move(normal).value()};
    }
  }
}

KindConfig kind_config_of(const Node& node, std::string_view section, const Table& table) {
  KindConfig made{text_of(node, "type"), {}};
  add_options(node, table, std::string(section) + ".*(" + made.type + ")", "", made.options);
  return made;
}

KindConfig keyed_config_of(const Node& node, const std::string& keyed, const Table& table) {
  KindConfig made;
  for (const Member& member : node.members)
    if (table.find(keyed + "(" + member.key + ")") != nullptr) made.type = member.key;
  add_options(node, table, keyed + "(" + made.type + ")", "", made.options);
  return made;
}

Keep keep_of(const Node& node) {
  const auto count = [&](std::string_view key) { return static_cast<uint32_t>(number_of(node, key, Shape::Count)); };
  return {count("last"),
          count("hourly"),
          count("daily"),
          count("weekly"),
          count("monthly"),
          count("yearly"),
          Duration(number_of(node, "within", Shape::Span))};
}

class Build {
 public:
  Build(const Node& root, const Schemas& schemas, const Table& table, Problems& problems)
      : root_(root), schemas_(schemas), table_(table), problems_(problems) {}

  Config run() {
    if (root_.find("version") != nullptr)
      config_.version = static_cast<uint32_t>(number_of(root_, "version", Shape::Count));
    config_.instance = text_of(root_, "instance");
    config_.names_only = text_of(root_, "names_only") == "true";
    for (const Member& secret : section("secrets")) config_.secrets[secret.key] = secret_of(secret.key, secret.value);
    for (const Member& key : section("keys")) add_key(key);
    for (const Member& target : section("targets"))
      config_.targets[target.key] = kind_config_of(target.value, "targets", table_);
    for (const Member& source : section("sources"))
      config_.sources[source.key] = kind_config_of(source.value, "sources", table_);
    for (const Member& environment : section("environments")) {
      config_.environments[environment.key] = kind_config_of(environment.value, "environments", table_);
      judge(config_.environments[environment.key], schemas_.environments, environment.place);
    }
    for (const Member& group : section("checks")) add_checks(group);
    add_policies();
    for (const Member& set : section("sets")) add_set(set);
    return std::move(config_);
  }

 private:
  const std::vector<Member>& section(std::string_view key) const { return node_of(root_, key).members; }

  void add_key(const Member& key) {
    config_.keys[key.key] = key_config_of(key.value);
    const Node* algorithm = key.value.find("algorithm");
    if (algorithm != nullptr && key.value.find("file") == nullptr)
      problems_.add(algorithm->place, "\"algorithm\" goes with \"file\": only a key in a file signs");
  }

  void add_checks(const Member& group) {
    std::vector<KindConfig>& checks = config_.checks[group.key];
    for (const Node& item : group.value.items) {
      checks.push_back(keyed_config_of(item, "checks.*.#", table_));
      judge(checks.back(), schemas_.checks, item.place);
    }
  }

  // By its kind, as a whole.
  void judge(const KindConfig& made, const std::vector<KindSchema>& kinds, Place place) {
    const auto kind = std::ranges::find(kinds, made.type, &KindSchema::name);
    if (kind == kinds.end()) return;
    if (!kind->note.empty()) config_.notes.push_back(problems_.where(place) + ": " + kind->note);
    // What is wrong with a value by itself has been told already, and might be told again in other words.
    if (!kind->accepts || !problems_.is_empty()) return;
    if (const Status accepted = kind->accepts(made.options); !accepted.ok())
      problems_.add(place, accepted.error().message());
  }

  void add_policies() {
    for (const Member& policy : section("policies")) {
      check_keys(policy.value);
      check_keep(policy.value, node_of(policy.value, "keep"));
    }
    policies_ = resolve_policies(node_of(root_, "policies"), problems_);
    for (const auto& [name, node] : policies_) config_.policies[name] = policy_of(node);
  }

  // Asked of what was written, not of what is inherited, so that each mistake is told once.
  void check_keys(const Node& policy) {
    const auto is_signing = [&](const std::string& name, bool if_unknown) {
      const auto key = config_.keys.find(name);
      return key == config_.keys.end() ? if_unknown : key->second.kind == KeyConfig::Kind::Signing;
    };
    const Node& sign = node_of(policy, "sign");
    if (sign.kind == Node::Kind::Scalar && !is_signing(sign.text, true))
      problems_.add(sign.place, "\"" + sign.text + "\" is not a signing key: one has `file` and `algorithm`");
    const Node& encrypt = node_of(policy, "encrypt");
    const std::vector<Node> one{encrypt};
    for (const Node& item : encrypt.kind == Node::Kind::Scalar ? one : encrypt.items) {
      if (is_signing(item.text, false))
        problems_.add(item.place, "\"" + item.text + "\" is a signing key: it cannot encrypt");
    }
  }

  void check_keep(const Node& written, const Node& merged) {
    const Node* keep = written.find("keep");
    if (keep == nullptr || keep->kind != Node::Kind::Map) return;
    for (const Member& rule : merged.members) {
      const Shape shape = rule.key == "within" ? Shape::Span : Shape::Count;
      if (rule.value.kind != Node::Kind::Scalar) return;
      // A rule that is wrong is not one that keeps nothing.
      const Result<std::string> value = normal_form(shape, rule.value);
      if (!value.ok() || value.value() != "0") return;
    }
    problems_.add(keep->place, "\"keep\" keeps nothing: leave it out to keep everything");
  }

  PolicyConfig policy_of(const Node& node) const {
    PolicyConfig policy{keep_of(node_of(node, "keep")), texts_of(node_of(node, "copies")),
                        texts_of(node_of(node, "encrypt")), text_of(node, "sign")};
    if (node.find("rpo") != nullptr) policy.rpo = Duration(number_of(node, "rpo", Shape::Span));
    for (const Node& verify : node_of(node, "verify").items)
      for (const std::string& group : texts_of(node_of(verify, "checks")))
        if (std::ranges::find(policy.checks, group) == policy.checks.end()) policy.checks.push_back(group);
    if (node.find("copies") == nullptr)
      for (const auto& [name, target] : config_.targets) policy.copies.push_back(name);
    if (node.find("encrypt") == nullptr) {
      for (const auto& [name, key] : config_.keys)
        if (key.kind != KeyConfig::Kind::Signing) policy.encrypt.push_back(name);
    }
    return policy;
  }

  void add_set(const Member& set) {
    SetConfig& made = config_.sets[set.key];
    made.members = texts_of(node_of(set.value, "members"));
    made.policy_name = text_of(set.value, "policy");
    const auto policy = policies_.find(made.policy_name);
    const Node merged = policy == policies_.end() ? set.value : merge(policy->second, set.value);
    made.policy = policy_of(merged);
    check_keep(set.value, node_of(merged, "keep"));
  }

  const Node& root_;
  const Schemas& schemas_;
  const Table& table_;
  Problems& problems_;
  Config config_;
  std::map<std::string, Node> policies_;
};

// Lists values as they count, in the order of the table.
class Show {
 public:
  Show(const Table& table, const Problems& problems, std::vector<Shown>& values)
      : table_(table), problems_(problems), values_(values) {}

  void add(const Node& node, const KeySpec& spec, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    if (spec.shape == Shape::Names) {
      const KeySpec* each = table_.find(spec.path + ".*");
      for (const Member& member : node.members) add(member.value, *each, prefix + member.key);
      return;
    }
    if (spec.shape == Shape::List) {
      for (size_t i = 0; i < node.items.size(); ++i)
        add(node.items[i], *table_.find(spec.path + ".#"), prefix + std::to_string(i + 1));
      return;
    }
    if (has_kinds(spec)) return add(node, kind_row(node, spec), path);
    if (spec.shape != Shape::Section && !(spec.or_section && node.kind == Node::Kind::Map)) {
      const Place place = node.place;
      values_.push_back(
          {path, to_line(node), {problems_.name_of(place), place.line + 1, problems_.column_shown(place)}});
      return;
    }
    for (const KeySpec* row : table_.below(spec)) {
      const std::string key(key_of(*row));
      if (const Node* value = node.find(key))
        add(*value, *row, prefix + key);
      else if (!row->fallback.empty())
        values_.push_back({prefix + key, row->fallback, {}});
    }
  }

 private:
  const KeySpec& kind_row(const Node& node, const KeySpec& spec) const {
    if (spec.shape == Shape::Kinded) return *table_.find(spec.path + "(" + text_of(node, "type") + ")");
    for (const KeySpec* row : table_.below(spec))
      if (node.find(kind_of(*row)) != nullptr) return *row;
    HF_ASSERT(!"a validated node has a kind");
    return spec;
  }

  const Table& table_;
  const Problems& problems_;
  std::vector<Shown>& values_;
};

// `root` with each policy as it counts, and each set's `keep` with its policy's.
Node resolved(const Node& root, Problems& problems) {
  Node whole = root;
  const std::map<std::string, Node> policies = resolve_policies(node_of(root, "policies"), problems);
  for (Member& section : whole.members) {
    for (Member& member : section.value.members) {
      if (section.key == "policies") member.value = policies.at(member.key);
      if (section.key != "sets") continue;
      const auto policy = policies.find(text_of(member.value, "policy"));
      const Node* keep = policy == policies.end() ? nullptr : policy->second.find("keep");
      if (keep == nullptr) continue;
      const Node under{.kind = Node::Kind::Map, .members = {{"keep", keep->place, *keep}}};
      member.value = merge(under, member.value);
    }
  }
  return whole;
}

}  // namespace

Config build(const Node& root, const Schemas& schemas, const Table& table, Problems& problems) {
  Config config = Build(root, schemas, table, problems).run();
  if (problems.is_empty()) Show(table, problems, config.values).add(resolved(root, problems), *table.find(""), "");
  return config;
}

}  // namespace hf::config
