// Check: a smoke test: one question to a service, a program, a database or a file, and whether the answer is the
// expected one.
//
// A kind prepares a check from its options before anything is begun, so that a mistake in an expectation is found by
// `config check` and not in the middle of a recovery. A check judges a CheckSubject: a restored point, or what runs
// now. Verdicts are names-only by construction: the message consists of our words, the operator's names and numbers;
// what a server, a program or a database said is detail.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/query.h"
#include "base/secret_opener.h"
#include "sys/fs.h"
#include "sys/http.h"
#include "sys/process.h"

namespace hf {

struct TableState {
  std::string name;
  uint64_t rows = 0;
  std::string digest;  // hex; "": not known. Equal digests mean equal content
};

struct CapturedName {
  std::string name;
  bool is_empty = false;
};

// What is judged. Sources are meant by name; "" means the only one that can be meant. Errors say why there is no
// answer: NotFound (no such source or point), Unsupported (nothing was restored, or the source is not of that kind).
class CheckSubject {
 public:
  virtual ~CheckSubject() = default;
  // The moment the data is of: ages count back from it.
  virtual WallTime time() = 0;
  virtual std::optional<Duration> rpo() = 0;
  // Where the source's tree stands.
  virtual Result<std::string> directory(const std::string& source) = 0;
  virtual Result<QueryAnswer> query(const std::string& source, const Query& query, const Deadline& deadline,
                                    std::stop_token stop) = 0;
  virtual Result<std::vector<TableState>> tables(const std::string& source, const Deadline& deadline,
                                                 std::stop_token stop) = 0;
  // Of another point: "last-good", or the first digits of one.
  virtual Result<std::vector<TableState>> tables_of(const std::string& point, const std::string& source) = 0;
  // What a source of kind config captured.
  virtual Result<std::vector<CapturedName>> names(const std::string& source) = 0;
  // For child programs: where to find what is judged. Both may be ""; `database` is one of the source's.
  virtual Result<std::map<std::string, std::string>> variables(const std::string& source,
                                                               const std::string& database) = 0;
};

// Where the service is, and how a program reaches it.
struct CheckPlace {
  std::string base_url;                    // "": unknown
  std::string ca_file;                     // PEM; "": the system's authorities
  std::map<std::string, std::string> env;  // for child programs; `$name` is a secret
};

struct CheckWorld {
  Env env;
  Fs& fs;
  Process& process;
  HttpClient& http;
  SecretOpener secret;
  std::function<std::string(const char* name)> environment;  // ours: children get PATH, HOME and LANG of it
  CheckPlace place;
  CheckSubject& subject;
};

struct Verdict {
  bool passed = false;
  std::string message;  // names only
  std::string detail;   // what others said
};

struct Check {
  std::string what;                  // "GET /health": for its name
  bool needs_base_url = false;       // asks the service of the CheckPlace
  bool needs_point = false;          // asks what a backup recorded
  bool needs_restored = false;       // asks for files of a source
  std::vector<std::string> sources;  // that it asks of
  // An error is a failed check, except Cancelled. Timeout if the deadline passes.
  std::function<Result<Verdict>(const CheckWorld&, const Deadline&, std::stop_token)> run;
};

struct CheckOption {
  std::string_view name;  // "expect.status" is a key of the map that `expect` may be instead
  std::string_view help;
  // Map: names of the operator's choice, and texts; a text may be `$name`. Source: a name of one.
  enum class Type : uint8_t {
    Text,
    TextOrSecret,
    TextList,
    Flag,
    Count,
    Size,
    Span,
    Secret,
    Source,
    Map
  } type = Type::Text;
  bool required = false;
};

// By option name, as SourceOptions are; a Map is name, text, name, text, …
using CheckOptions = std::map<std::string, std::vector<std::string>, std::less<>>;

struct CheckKind {
  std::string_view name, help;
  std::vector<CheckOption> options;  // the first is named as the kind: what is asked
  // Invalid, saying what to write instead.
  std::function<Result<Check>(const CheckOptions&)> prepare;
  std::string_view note = {};  // what `config check` says where it is used; "": nothing
};

}  // namespace hf
