// Source: something to protect. It streams its tree of files into a Sink, cheaper because of Previous.
//
// Whatever the kind, what it gives is a tree (sys/entry.h): a database is a file named after it, a command's output is
// a file. So ls, cat, diff, restore and verify are the same for all. A source does not know the repository.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "base/named_files.h"
#include "base/query.h"
#include "base/secret_opener.h"
#include "sys/entry.h"
#include "sys/http.h"
#include "sys/process.h"

namespace hf {

// How content is best cut; see "Trees and content" in docs/FORMAT.md and repo/cutter.h.
struct CutHint {
  enum class Kind : uint8_t { Auto, Stream, Pages } kind = Kind::Auto;
  uint32_t page_bytes = 0;  // Pages: 512 … 65536
  uint64_t size = 0;        // expected; 0: unknown
};

// What a database said of one table in the snapshot that was taken.
struct TableFact {
  std::string name;
  uint64_t rows = 0;
  Bytes digest;  // SHA-256; equal digests mean equal content
  friend bool operator==(const TableFact&, const TableFact&) = default;
};

// What may be told of a key.
struct KeyFact {
  enum class Role : uint8_t { Opens, Signs, Data, Configured } role = Role::Opens;
  std::string id;        // Configured: its name there
  std::string provider;  // its kind, or algorithm
  std::string label;
  WallTime created{}, expires{};  // WallTime{}: not known, never
};

// Entries arrive in canonical order of their paths, the root (empty path) first. Between begin() and end() only data(),
// hole() and zeros() may be called. Calls may block while the pipeline is full. An error ends the source.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status entry(Entry entry) = 0;      // without content: directories, links, devices
  virtual Status unchanged(Entry entry) = 0;  // a file whose content is as Previous::find(entry.path) has just found it
  virtual Status file(Entry entry, Bytes content) = 0;            // a small file, whole
  virtual Status begin(std::string_view path, CutHint hint) = 0;  // a file, in parts
  virtual Status data(Bytes bytes) = 0;
  virtual Status hole(uint64_t length) = 0;
  virtual Status zeros(uint64_t length) = 0;  // allocated, all zero
  virtual Status end(Entry entry) = 0;        // info.size is set by the Sink to what was given
  // Something of the source is not in the point: the point becomes partial. `what` is names-only.
  virtual void problem(std::string path, std::string what) = 0;
  // What tells that a value has changed, and nothing else of it: 16 bytes that are the same for the same name and value
  // in the same repository, and that nobody can compute who cannot open it; and who can pays for each guess.
  virtual Result<Bytes> fingerprint(std::string_view name, BytesView value) = 0;
  // The keys of the repository that it all goes to.
  virtual Result<std::vector<KeyFact>> keys() = 0;
  virtual void table(TableFact table) = 0;
  virtual void fact(std::string name, std::string value) = 0;
};

// The tree of the point before this one, read along: paths must be asked for in canonical order.
class Previous {
 public:
  virtual ~Previous() = default;
  // The file entry of that path, or null. Valid until the next call.
  virtual Result<const Entry*> find(std::string_view path) = 0;
};

struct SourceWorld {
  Env env;
  Fs& fs;
  Process& process;
  HttpClient& http;
  SecretOpener secret;  // for options of Type::Secret
  std::vector<KeyFact> configured_keys = {};
};

// A file that one source of a run gives, so that the others leave it alone: a database copied as a file beside its
// writers is torn, and closing any descriptor of it would drop the locks that this process holds on it.
struct CoveredFile {
  std::string path;    // absolute, links resolved; it need not exist
  std::string source;  // the name of the one that gives it
};

// Something that a backup of a source will need, looked at before it does.
struct SourceFinding {
  enum class State : uint8_t { Good, Note, Bad } state = State::Good;  // Note: a backup works, and may not always
  std::string name;                                                    // "database", "program"
  std::string message, hint;
  std::string detail;  // what others said
};
// Good, or bad and what the error says; its hint, or `hint`.
SourceFinding finding_of(std::string name, const Status& status, std::string good, std::string hint = {});

class Source {
 public:
  virtual ~Source() = default;
  // Whether what it gives is there and may be read, without reading it all; for `doctor`.
  virtual std::vector<SourceFinding> examine(std::stop_token) { return {}; }
  // Paths as in CoveredFile of what only this source must open; nothing if it cannot be found now.
  virtual std::vector<std::string> covers() { return {}; }
  // What other sources of the run give. Before start().
  virtual void leave_out(const std::vector<CoveredFile>&) {}
  // May begin to look (not to lock or change anything) on a thread of its own; returns at once. Called before run(), so
  // that a walk goes on while keys are derived.
  virtual void start() {}
  // Gives everything to the sink. An error means that there is no point of this source; what is merely unreadable is a
  // problem().
  virtual Status run(Sink& sink, Previous& previous, std::stop_token stop) = 0;
  // files: the directory that entries' paths are relative to; else "".
  virtual std::string base() const { return {}; }
};

// What a manifest recorded of a source, for proof of what was restored from it.
struct RecordedSource {
  std::string name, kind;
  std::vector<TableFact> tables;
  std::map<std::string, std::string> facts;
};

struct CheckResult {
  std::string name;
  bool passed = false;
  Duration took{};
  std::string message;  // names only
};

// What was restored, as a server that runs: for as long as this lives, more can be asked of it.
class RunningCopy {
 public:
  virtual ~RunningCopy() = default;
  // How clients reach it, by database: for postgres, libpq connection strings. No password is needed, and nobody but
  // root and the server's user gets there.
  virtual std::map<std::string, std::string> connections() const = 0;
  // Ends it and removes what it left. Without it the destructor does, and failures stay unseen.
  virtual Status stop() = 0;
};

struct ProveRequest {
  std::string directory;  // that it was restored into; may be changed
  const RecordedSource& recorded;
  std::string scratch;  // an existing directory for what else must be written
  unsigned workers = 2;
  std::stop_token stop;
};

struct Proved {
  std::vector<CheckResult> checks;
  // Null for kinds whose data is files, and if there was no starting it: a check says so then.
  std::unique_ptr<RunningCopy> running;
};

// What a restore into a server was asked for, from flags. Kinds say which they do not know.
struct LoadRequest {
  std::string new_instance;  // a directory: a server is made there and left running
  std::optional<int> port;   // of that server
  std::string dsn;           // or: one that runs
  std::vector<std::string> databases, tables, schemas;
  bool clean = false, recreate = false;  // over what is there
  bool no_owner = false, roles = false, go_on = false;
  unsigned workers = 2;
  std::string scratch;    // an existing directory for what else must be written
  std::string bin, user;  // where the server's programs are, and as whom they run
};

// What it will come to.
struct LoadPlan {
  std::string environment;          // where to, for people: a path, or "server HOST:PORT"
  std::string server;               // HOST:PORT of one that runs; "": one is made
  std::string database;             // if it is one
  bool is_destructive = false;      // then:
  std::string name;                 // what people type to show that they mean it
  std::vector<std::string> losses;  // what is there now and will not be
  std::string production;           // why the target must be taken for production; "" if nothing says so
  std::map<std::string, std::vector<std::string>, std::less<>> safety;  // options of a source that saves what is lost
  std::string stage;               // a directory, existing or to be made, that suits for staging; "": any does
  std::vector<std::string> paths;  // what of the tree is needed in `stage`; empty: all
  std::string unstaged;            // files at and below this path are read where they lie; "": none
  double growth = 0;               // bytes that are needed there beside the staged tree, as a multiple of the source's
};

struct LoadOutcome {
  uint64_t rows = 0, bytes = 0;
  std::vector<std::string> notes;  // what was left out or passed over
  uint64_t errors = 0;             // passed over, as was asked
  std::vector<std::string> lines;  // for people: how to reach it, how to stop it
  std::map<std::string, std::string> connections;
};

// What is restored: a directory that the tree, or plan().paths of it, is in, and the files at plan().unstaged.
struct LoadTree {
  std::string staged;
  NamedFiles* unstaged = nullptr;
};

// A restore into a server instead of a directory.
class Load {
 public:
  virtual ~Load() = default;
  // Looks, and changes nothing.
  virtual Result<LoadPlan> plan(std::stop_token stop) = 0;
  // All is durable when it returns. `on_step` tells what is begun, and how far it is now and then.
  virtual Result<LoadOutcome> run(const LoadTree& tree, const std::function<void(const std::string&)>& on_step,
                                  std::stop_token stop) = 0;
};

// Where what was restored goes, and how the program that uses it is ended before and begun afterwards.
struct PutBack {
  std::string restored;                  // directory that it was restored into
  std::string target;                    // path to put it back to
  std::vector<std::string> stop, start;  // argument vectors
};

// Where what was restored of a source stands.
struct RestoredPlace {
  std::string directory;
  const RecordedSource& recorded;
  RunningCopy* running = nullptr;  // as prove() left it
};

// A database that answers: what was restored, or what is in use. One thread at a time.
class Queries {
 public:
  virtual ~Queries() = default;
  // One statement that reads; whatever it does, nothing is changed. Timeout, Cancelled; what the database said is
  // detail.
  virtual Result<QueryAnswer> ask(const Query& query, const Deadline& deadline, std::stop_token stop) = 0;
  virtual Result<std::vector<TableFact>> tables(const Deadline& deadline, std::stop_token stop) = 0;
  // Variables that lead a child program to it: PGHOST and such, or HOLDFAST_DATABASE. `database` as in Query.
  virtual Result<std::map<std::string, std::string>> variables(const std::string& database) = 0;
};

struct SourceOption {
  std::string_view name, help;
  enum class Type : uint8_t { Text, TextList, TextOrList, Flag, Size, Span, Secret, TextOrSecret } type = Type::Text;
  bool required = false;
};
// By option name; flags are "true" or "false", sizes in bytes and spans of time in nanoseconds are decimal numbers;
// secrets are references, and a TextOrSecret may be one.
using SourceOptions = std::map<std::string, std::vector<std::string>, std::less<>>;

struct SourceKind {
  std::string_view name, help;
  std::vector<SourceOption> options;
  // `kind:TEXT` on a command line, as options; Invalid with a hint if it cannot be.
  std::function<Result<SourceOptions>(std::string_view text)> parse;
  std::function<Result<std::unique_ptr<Source>>(const SourceWorld&, const std::string& name, const SourceOptions&)>
      open;
  // Examines what was restored against what was recorded. May be empty: bytes are compared anyway.
  std::function<Result<Proved>(const SourceWorld&, const ProveRequest&)> prove;
  // Puts what was restored in the place of what is there, which is kept beside it, and examines it as prove() does.
  // Empty for kinds that are restored into directories only.
  std::function<Result<std::vector<CheckResult>>(const SourceWorld&, const RecordedSource&, const PutBack&)> put_back;
  // Restores into a server. Empty for kinds that have none.
  std::function<Result<std::unique_ptr<Load>>(const SourceWorld&, const RecordedSource&, const LoadRequest&)> load;
  // Opens what was restored, or what the options mean, to queries. Both are empty for what is no database.
  std::function<Result<std::unique_ptr<Queries>>(const SourceWorld&, const RestoredPlace&)> query_restored;
  std::function<Result<std::unique_ptr<Queries>>(const SourceWorld&, const SourceOptions&)> query_live;
};

}  // namespace hf
