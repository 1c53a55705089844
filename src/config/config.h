// Config: holdfast.yaml, read strictly. What does not say exactly what it means is an error that says what to write.
//
// One table (config/table.h) describes every key. The parser, the JSON Schema, the reference page and the sample all
// come from it, so they cannot differ. Nothing here opens what the configuration names: no source, target or key.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace hf {
class Fs;
}

namespace hf::config {

// What the program can open, as the configuration needs to know it. The application fills it from its kinds.
struct KindOption {
  enum class Type : uint8_t {
    Text,
    TextList,
    TextOrList,
    Flag,
    Count,
    Size,
    Span,
    Secret,
    TextOrSecret,  // text, or $name
    Map,           // names and texts; a text may be $name
    Source,        // the name of a source
  };
  std::string name, help;  // "expect.status": a key of the map that `expect` may be instead
  Type type = Type::Text;
  bool required = false;
  std::string sample;  // YAML, for the sample file; "": made up from the type
};
using KindOptions = std::map<std::string, std::vector<std::string>, std::less<>>;
struct KindSchema {
  std::string name, help;
  std::vector<KindOption> options;
  std::function<Status(const KindOptions&)> accepts = {};  // what is wrong with them together; may be empty
  std::string note = {};                                   // said where the kind is used; "": nothing
};
struct Schemas {
  std::vector<KindSchema> sources, targets, environments;
  std::vector<KindSchema> checks;  // the first option of each is named as the kind
};

// Where a value was written. No file: it is a default.
struct Origin {
  std::string file;
  size_t line = 0, column = 0;  // from 1
};

// How to get a secret; never the secret. See config/secrets.h.
struct SecretReference {
  enum class From : uint8_t { Env, File, Credential, Exec };
  std::string name;
  From from = From::File;
  std::vector<std::string> words;  // Exec: the argument vector; else one word: a variable, a path, a credential's name
};

struct KeyConfig {
  enum class Kind : uint8_t { Passphrase, File, Identity, Recipient, Signing };
  Kind kind = Kind::Passphrase;
  std::string secret;     // Passphrase: a name in Config::secrets
  std::string path;       // all others
  std::string algorithm;  // Signing: ed25519, ecdsa-p256 or rsa-pss
};

// A source, a target, an environment or a check: its kind, and the kind's own options. Flags are "true" or "false";
// sizes in bytes and spans of time in nanoseconds are decimal numbers; a map is name, text, name, text, … Paths are as
// written, relative to the working directory.
struct KindConfig {
  std::string type;
  KindOptions options;
};

struct Keep {
  uint32_t last = 0, hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;
  Duration within{};
};

// With all that it extends, and with defaults filled in.
struct PolicyConfig {
  Keep keep;
  std::vector<std::string> copies;   // targets
  std::vector<std::string> encrypt;  // keys
  std::string sign;                  // a key; "": the repository's own
  std::optional<Duration> rpo;
  std::vector<std::string> checks;  // of all its `verify`, each once
};

struct SetConfig {
  std::vector<std::string> members;  // sources
  std::string policy_name;           // "": none, all defaults
  PolicyConfig policy;               // with this set's own `keep` merged in
};

// One value as it counts: for `config show --resolved --origin`.
struct Shown {
  std::string path;   // "sets.main.keep.daily"
  std::string value;  // as YAML; secrets are references
  Origin origin;
};

template <typename T>
using Named = std::map<std::string, T, std::less<>>;

struct Config {
  uint32_t version = 1;
  std::string instance;
  std::string timezone = "UTC";
  bool names_only = false;
  Named<SecretReference> secrets;
  Named<KeyConfig> keys;
  Named<KindConfig> targets, sources, environments;
  Named<std::vector<KindConfig>> checks;
  Named<PolicyConfig> policies;
  Named<SetConfig> sets;
  std::vector<Shown> values;
  std::vector<std::string> notes;  // "file:line:column: what"; worth knowing, no mistake
};

// Reads the file and what it includes. Invalid: the message lists all problems (at most 20), each as
// "file:line:column: what is wrong" followed by the line with a caret below it.
Result<Config> load(Fs& fs, const std::string& path, const Schemas& schemas);
// One text that includes nothing; `name` is for messages.
Result<Config> parse(std::string_view text, const std::string& name, const Schemas& schemas);

// The documents that come from the table. The sample parses without problems. Requires: a kind of source and of target.
std::string schema_json(const Schemas& schemas);
std::string reference_markdown(const Schemas& schemas);
std::string sample_yaml(const Schemas& schemas);

}  // namespace hf::config
