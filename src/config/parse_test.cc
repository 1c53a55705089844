#include <gtest/gtest.h>

#include "config/test_schemas.h"

namespace hf::config {
namespace {

constexpr std::string_view whole = R"(version: 1
secrets:
  pass: {file: /etc/pass}
  tool: {exec: [vault, read, kv]}
keys:
  primary: {passphrase: $pass}
  signing: {file: /etc/sign.pem, algorithm: ecdsa-p256}
targets:
  near: {type: directory, path: /srv/near}
  far: {type: directory, path: /srv/far}
sources:
  up: {type: files, paths: [a, b], one_file_system: true, big: 64KiB}
  db: {type: sqlite, path: app.db, wait: 2s}
policies:
  gold: {keep: {last: 7, within: 48h}, copies: [near, far], encrypt: primary, sign: signing}
  silver: {extends: gold, keep: {within: 24h, daily: 3}, copies: [near]}
sets:
  all: {members: [up, db], policy: silver, keep: {yearly: 2}}
  bare: {members: [db]}
)";

// `text` below, or instead of, what every configuration begins with.
std::string problem(const std::string& text, bool is_whole = false) {
  const Result<Config> parsed = parse(is_whole ? text : "version: 1\n" + text, "f.yaml", test_schemas());
  return parsed.ok() ? "no problem" : parsed.error().message();
}

TEST(Parse, a_configuration_becomes_plain_values) {
  const Config config = parse(whole, "f.yaml", test_schemas()).value();
  EXPECT_EQ(config.secrets.at("tool").from, SecretReference::From::Exec);
  EXPECT_EQ(config.secrets.at("tool").words, (std::vector<std::string>{"vault", "read", "kv"}));
  EXPECT_EQ(config.keys.at("primary").secret, "pass");
  EXPECT_EQ(config.keys.at("signing").kind, KeyConfig::Kind::Signing);
  EXPECT_EQ(config.keys.at("signing").path, "/etc/sign.pem");
  EXPECT_EQ(config.targets.at("far").options.at("path"), std::vector<std::string>{"/srv/far"});
  EXPECT_EQ(config.sources.at("up").type, "files");
  EXPECT_EQ(config.sources.at("up").options.at("paths"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.sources.at("up").options.at("one_file_system"), std::vector<std::string>{"true"});
  EXPECT_EQ(config.sources.at("up").options.at("big"), std::vector<std::string>{"65536"});
  EXPECT_EQ(config.sources.at("db").options.at("wait"), std::vector<std::string>{"2000000000"});
  EXPECT_FALSE(config.sources.at("db").options.contains("type"));
}

TEST(Parse, extends_merges_maps_and_replaces_lists) {
  const Config config = parse(whole, "f.yaml", test_schemas()).value();
  const PolicyConfig& silver = config.policies.at("silver");
  EXPECT_EQ(silver.keep.last, 7u);
  EXPECT_EQ(silver.keep.daily, 3u);
  EXPECT_EQ(silver.keep.within, std::chrono::hours(24));
  EXPECT_EQ(silver.copies, std::vector<std::string>{"near"});
  EXPECT_EQ(silver.sign, "signing");
  EXPECT_EQ(config.policies.at("gold").keep.daily, 0u);
}

TEST(Parse, a_set_merges_its_keep_with_its_policys) {
  const SetConfig set = parse(whole, "f.yaml", test_schemas()).value().sets.at("all");
  EXPECT_EQ(set.members, (std::vector<std::string>{"up", "db"}));
  EXPECT_EQ(set.policy_name, "silver");
  EXPECT_EQ(set.policy.keep.yearly, 2u);
  EXPECT_EQ(set.policy.keep.last, 7u);
  EXPECT_EQ(set.policy.encrypt, std::vector<std::string>{"primary"});
}

TEST(Parse, a_set_without_policy_has_all_targets_and_all_keys_that_encrypt) {
  const PolicyConfig policy = parse(whole, "f.yaml", test_schemas()).value().sets.at("bare").policy;
  EXPECT_EQ(policy.copies, (std::vector<std::string>{"far", "near"}));
  EXPECT_EQ(policy.encrypt, std::vector<std::string>{"primary"});
  EXPECT_EQ(policy.sign, "");
}

TEST(Parse, every_value_is_shown_with_where_it_was_written) {
  const Config config = parse(whole, "f.yaml", test_schemas()).value();
  std::map<std::string, std::string> shown;
  for (const Shown& value : config.values)
    shown[value.path] = value.value + " @ " + value.origin.file + ":" + std::to_string(value.origin.line) + ":" +
                        std::to_string(value.origin.column);
  EXPECT_EQ(shown["timezone"], "UTC @ :0:0");
  EXPECT_EQ(shown["keys.primary.passphrase"], "$pass @ f.yaml:6:25");
  EXPECT_EQ(shown["secrets.tool.exec"], "[vault, read, kv] @ f.yaml:4:16");
  EXPECT_EQ(shown["policies.silver.keep.last"], "7 @ f.yaml:15:23");
  EXPECT_EQ(shown["sets.all.keep.within"], "24h @ f.yaml:16:42");
  EXPECT_EQ(shown["sets.all.keep.yearly"], "2 @ f.yaml:18:59");
}

TEST(Parse, an_unknown_key_is_named_with_what_was_meant) {
  EXPECT_EQ(problem("polices: {}"),
            "f.yaml:2:1: unknown key \"polices\"; did you mean \"policies\"?\n 2 | polices: {}\n   | ^");
  EXPECT_EQ(problem("plans: {}"),
            "f.yaml:2:1: unknown key \"plans\": not known in this version\n 2 | plans: {}\n   | ^");
  EXPECT_EQ(problem("sources: {a: {type: sqlite, path: x, wiat: 1s}}"),
            "f.yaml:2:38: unknown key \"wiat\"; did you mean \"wait\"?\n"
            " 2 | sources: {a: {type: sqlite, path: x, wiat: 1s}}\n   |                                      ^");
}

TEST(Parse, keys_of_other_versions_are_not_taken_for_granted) {
  for (const char* key : {"plans", "drills", "alerts", "contacts", "roles"})
    EXPECT_NE(problem(std::string(key) + ": {}").find("unknown key \"" + std::string(key) + "\""), std::string::npos);
  EXPECT_NE(problem("policies: {a: {rto: 15m}}").find("unknown key \"rto\""), std::string::npos);
  EXPECT_NE(problem("keys: {a: {kms: aws}}").find("unknown key \"kms\""), std::string::npos);
}

TEST(Parse, a_duplicate_key_names_both_places) {
  EXPECT_EQ(problem("instance: a\ninstance: b"),
            "f.yaml:3:1: duplicate key \"instance\": first at f.yaml:2:1\n 3 | instance: b\n   | ^");
}

TEST(Parse, only_true_and_false_are_booleans) {
  EXPECT_EQ(problem("names_only: yes"),
            "f.yaml:2:13: \"names_only\": only true and false are booleans; did you mean true?\n"
            " 2 | names_only: yes\n   |             ^");
  for (const char* value : {"on", "no", "off", "True", "1", "\"true\"", "maybe", "[]", "~"})
    EXPECT_NE(problem(std::string("names_only: ") + value), "no problem") << value;
  EXPECT_EQ(problem("names_only: true"), "no problem");
}

TEST(Parse, quantities_are_typed) {
  const auto keep = [](const std::string& rule) { return problem("policies: {p: {keep: {" + rule + "}}}"); };
  EXPECT_EQ(keep("within: 15"),
            "f.yaml:2:31: \"within\": a duration is a number and one of ms s m h d w y, such as 15m or 30d\n"
            " 2 | policies: {p: {keep: {within: 15}}}\n   |                               ^");
  EXPECT_EQ(keep("within: 15d"), "no problem");
  EXPECT_EQ(keep("last: 1000000"), "no problem");
  for (const char* rule :
       {"last: -1", "last: 1.5", "last: \"3\"", "last: 1000001", "last: 0x10", "last: 2d", "last: ~", "last: []"})
    EXPECT_NE(keep(rule), "no problem") << rule;
  EXPECT_NE(problem("sources: {a: {type: files, paths: [a], big: 2G}}").find("\"big\": a size is"), std::string::npos);
}

TEST(Parse, wrong_types_say_what_is_taken) {
  EXPECT_EQ(problem("sets: [a]"), "f.yaml:2:7: \"sets\" takes a map of names\n 2 | sets: [a]\n   |       ^");
  EXPECT_EQ(problem("sets:"), "f.yaml:2:1: \"sets\" has no value: it takes a map of names\n 2 | sets:\n   | ^");
  EXPECT_EQ(problem("include: a.yaml"),
            "f.yaml:2:10: \"include\" takes a list of texts, in [ ]\n 2 | include: a.yaml\n   |          ^");
  EXPECT_NE(problem("instance: {a: b}").find("\"instance\" takes text"), std::string::npos);
  EXPECT_NE(problem("instance: \"\"").find("\"instance\" is empty"), std::string::npos);
  EXPECT_NE(problem("- a", true).find("the file takes a map of keys"), std::string::npos);
  EXPECT_NE(problem("", true).find("the file has no value"), std::string::npos);
}

TEST(Parse, what_must_be_there_is_missed) {
  EXPECT_EQ(problem("instance: a", true),
            "f.yaml:1:1: \"version\" is missing: The version of this file's format: 1.\n 1 | instance: a\n   | ^");
  EXPECT_NE(problem("sources: {a: {type: sqlite}}").find("f.yaml:2:11: \"path\" is missing"), std::string::npos);
  EXPECT_NE(problem("sources: {a: {path: x}}").find("\"type\" is missing: one of files, sqlite"), std::string::npos);
  EXPECT_NE(problem("keys: {a: {}}").find("one of these keys is missing: passphrase, file"), std::string::npos);
  EXPECT_NE(problem("keys: {a: {file: x, recipient: y}}").find("either \"file\" or \"recipient\", not both"),
            std::string::npos);
}

TEST(Parse, other_versions_zones_and_kinds_are_refused) {
  EXPECT_NE(problem("version: 2", true).find("this program reads version 1"), std::string::npos);
  EXPECT_NE(problem("timezone: Europe/Dublin").find("\"timezone\": this version knows only UTC"), std::string::npos);
  EXPECT_NE(problem("sources: {a: {type: file}}").find("unknown type \"file\"; did you mean \"files\"?"),
            std::string::npos);
  EXPECT_NE(problem("targets: {a: {type: s3}}").find("unknown type \"s3\": known are directory"), std::string::npos);
}

TEST(Parse, names_are_plain) {
  for (const char* name : {"a b", "a.b", "-a", "\"\"", "a/b", "ä"})
    EXPECT_NE(problem("secrets: {" + std::string(name) + ": {env: A}}").find("a name is 1 to 64"), std::string::npos)
        << name;
}

TEST(Parse, names_that_nothing_defines_are_problems) {
  EXPECT_EQ(problem("targets: {near: {type: directory, path: x}}\npolicies: {p: {copies: [naer]}}"),
            "f.yaml:3:25: no target is named \"naer\"; did you mean \"near\"?\n"
            " 3 | policies: {p: {copies: [naer]}}\n   |                         ^");
  EXPECT_NE(problem("sets: {s: {members: [a]}}").find("no source is named \"a\""), std::string::npos);
  EXPECT_NE(problem("sets: {s: {policy: p, members: []}}").find("no policy is named \"p\""), std::string::npos);
  EXPECT_NE(problem("keys: {k: {passphrase: $x}}").find("no secret is named \"x\""), std::string::npos);
  EXPECT_NE(problem("policies: {p: {encrypt: k, sign: j}}").find("no key is named \"j\""), std::string::npos);
}

TEST(Parse, policies_cannot_extend_themselves) {
  const std::string message = problem("policies: {a: {extends: b}, b: {extends: c}, c: {extends: b}}");
  EXPECT_NE(message.find("policies extend one another in a circle: b -> c -> b"), std::string::npos);
  EXPECT_EQ(message.find(": a ->"), std::string::npos) << "a is not part of the circle";
  EXPECT_NE(problem("policies: {a: {extends: a}}").find("in a circle: a -> a"), std::string::npos);
}

TEST(Parse, what_does_nothing_is_a_problem) {
  EXPECT_NE(problem("sets: {s: {members: []}}").find("\"members\" is empty"), std::string::npos);
  EXPECT_EQ(problem("policies: {p: {keep: {daily: 0}}}"),
            "f.yaml:2:22: \"keep\" keeps nothing: leave it out to keep everything\n"
            " 2 | policies: {p: {keep: {daily: 0}}}\n   |                      ^");
  const std::string twice = problem("sources: {a: {type: sqlite, path: x}}\nsets: {s: {members: [a, a]}}");
  EXPECT_NE(twice.find("\"a\" is listed twice"), std::string::npos);
}

TEST(Parse, keys_are_used_for_what_they_are) {
  const std::string keys = "keys: {e: {file: x}, s: {file: y, algorithm: ed25519}}\n";
  EXPECT_EQ(problem(keys + "policies: {p: {encrypt: [e], sign: s}}"), "no problem");
  EXPECT_NE(problem(keys + "policies: {p: {sign: e}}").find("\"e\" is not a signing key"), std::string::npos);
  EXPECT_NE(problem(keys + "policies: {p: {encrypt: [s]}}").find("\"s\" is a signing key: it cannot encrypt"),
            std::string::npos);
  EXPECT_NE(problem("keys: {k: {identity: x, algorithm: ed25519}}").find("\"algorithm\" goes with \"file\""),
            std::string::npos);
}

TEST(Parse, literal_secrets_are_refused_and_not_repeated) {
  EXPECT_EQ(problem("secrets: {db: hunter2}"),
            "f.yaml:2:15: a secret is a reference: write {file: PATH}, {env: NAME}, {credential: NAME} or "
            "{exec: [PROGRAM, …]}\n 2 | secrets: {db: *******}\n   |               ^");
  for (const char* text : {"keys: {k: {passphrase: hunter2}}", "keys: {k: hunter2}", "db_password: hunter2",
                           "targets: {t: {type: directory, path: 'http://u:hunter2@h/'}}",
                           "sources: {a: {type: files, paths: [--password=hunter2]}}",
                           "keys: {k: {passphrase: \"hunter2}", "secrets: {db: hunter2, b: {}, c: 1}"}) {
    const std::string message = problem(text);
    EXPECT_NE(message, "no problem") << text;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
  EXPECT_NE(problem("keys: {k: {passphrase: hunter2}}").find("define it under `secrets`"), std::string::npos);
}

TEST(Parse, secrets_are_used_whole_and_where_they_are_taken) {
  const std::string secrets = "secrets: {s: {env: S}}\n";
  EXPECT_EQ(problem(secrets + "keys: {k: {passphrase: $s}}"), "no problem");
  EXPECT_NE(problem(secrets + "keys: {k: {passphrase: a$s}}"), "no problem");
  EXPECT_NE(problem(secrets + "sources: {a: {type: sqlite, path: x/$s}}").find("\"path\" does not take a secret"),
            std::string::npos);
}

TEST(Parse, the_clever_parts_of_yaml_are_refused) {
  EXPECT_EQ(problem("instance: &a x"),
            "f.yaml:2:11: anchors (&name) are not read here: policies can extend one another\n"
            " 2 | instance: &a x\n   |           ^");
  EXPECT_NE(problem("instance: *a").find("f.yaml:2:"), std::string::npos);
  EXPECT_NE(problem("instance: !!str x").find("tags (!name) are not read here"), std::string::npos);
  EXPECT_NE(problem("sets: !map {}").find("tags (!name)"), std::string::npos);
  EXPECT_NE(problem("sets: {<<: {}}").find("merge keys (<<)"), std::string::npos);
  EXPECT_NE(problem("---\nversion: 1\n").find("a configuration is one document"), std::string::npos);
  EXPECT_NE(problem("[a, b]: c").find("a key is plain text"), std::string::npos);
  const std::string deep = problem("instance: " + std::string(100, '[') + std::string(100, ']'));
  EXPECT_NE(deep.find("nested too deeply"), std::string::npos);
}

TEST(Parse, what_is_not_yaml_says_where) {
  EXPECT_TRUE(problem("sets: {a: b").starts_with("f.yaml:2:1: not YAML: ")) << problem("sets: {a: b");
  EXPECT_NE(problem("instance: a\xff").find("f.yaml:2:12: not a character of UTF-8 text"), std::string::npos);
  EXPECT_NE(problem("instance: \x1b[2J").find("f.yaml:2:11: not a character of UTF-8 text"), std::string::npos);
  EXPECT_NE(problem(std::string("instance: a\0", 12)).find("not a character"), std::string::npos);
  EXPECT_NE(problem(std::string(2 << 20, '#')).find("at most 1 MiB"), std::string::npos);
  EXPECT_EQ(problem("\xEF\xBB\xBFversion: 1\r\ninstance: größer\r\n", true), "no problem");
}

TEST(Parse, all_problems_are_told_at_once) {
  const std::string message = problem("names_only: 1\nsets: {a: {}}\nplans: 1\npolicies: {p: {keep: {}, sign: x}}");
  EXPECT_EQ(std::count(message.begin(), message.end(), '^'), 5) << message;
}

TEST(Parse, a_single_text_includes_nothing) {
  EXPECT_NE(problem("include: [a.yaml]").find("nothing can be included here"), std::string::npos);
}

}  // namespace
}  // namespace hf::config
