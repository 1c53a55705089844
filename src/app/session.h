// Opening: from flags, environment and configuration to an open store and repository, in one copy or several.
//
// With --repo (or, without -c, $HOLDFAST_REPO) the configuration is read only if -c names it; without, the first of -c,
// $HOLDFAST_CONFIG,
// ./holdfast.yaml and /etc/holdfast/holdfast.yaml that there is.
#pragma once

#include <memory>
#include <optional>

#include "app/credentials.h"
#include "app/program.h"
#include "app/targets.h"
#include "config/config.h"
#include "repo/repository.h"
#include "source/source.h"

namespace hf {

struct Settings {
  std::optional<config::Config> config;
  std::string config_path;
  std::vector<TargetSettings> targets;  // at least one; in the order in which copies are written
  bool has_copies = false;              // the configuration has several, even if --target names one

  const config::Config* config_or_null() const { return config ? &*config : nullptr; }
};

// Where the configuration is; "" if there is none.
std::string find_config(Context& context);
// Invalid: neither a repository nor a configuration is named, or the configuration needs what this version cannot do.
enum class AllTargets : bool { No, Yes };  // Yes: --target does not choose among them, the verb does
Result<Settings> load_settings(Context& context, AllTargets all = AllTargets::No);

// One copy of the repository.
struct OpenCopy {
  TargetSettings target;
  std::unique_ptr<Store> store;
  std::unique_ptr<Repository> repository;
  Repository& operator*() const { return *repository; }
};

// One that cannot be used now.
struct ClosedCopy {
  TargetSettings target;
  Error error;
  bool is_blank = false;  // the place can be reached, or made, and there is no repository
};

struct OpenCopies {
  std::vector<OpenCopy> open;  // at least one, in the settings' order
  std::vector<ClosedCopy> closed;
  OpenCopy* find(std::string_view name);
};

// A repository as readers see it: the nearest copy that is not behind, and the others, from which it reads what the
// nearest cannot give.
struct OpenRepository {
  std::vector<OpenCopy> others;
  std::vector<ClosedCopy> closed;
  TargetSettings target;
  std::unique_ptr<Store> store;
  std::unique_ptr<Repository> repository;  // first to go: it reads from the others
  Repository& operator*() const { return *repository; }
};

// NotFound: there is no such place.
Result<std::unique_ptr<Store>> open_store(Context& context, const Settings& settings, const TargetSettings& target,
                                          bool create);
// The first that can be reached, for what needs no key.
Result<std::unique_ptr<Store>> open_store(Context& context, const Settings& settings);
// Every copy that can be reached, to write to or to judge. Tries one key after the other. Errors only if there is none:
// NotFound: no repository; KeyMissing: no key opens it, or none was given. With `opened`, which is one of them, its
// keys are used.
Result<OpenCopies> open_copies(Context& context, const Settings& settings, const Repository* opened = nullptr);
// To read. Says which copies cannot be reached, and later what is read from another copy than the nearest.
Result<OpenRepository> open_repository(Context& context, const Settings& settings);
// load_settings() and open_repository().
Result<OpenRepository> open_repository(Context& context);

// What this machine remembers of repositories; made if it is missing.
Result<std::string> state_directory(Context& context);
Result<World> make_world(Context& context);
SourceWorld source_world(Context& context, const Settings& settings);
// One budget for a whole run, so long that only what hangs forever meets it.
Deadline run_deadline(Context& context);

// PATH, "dir:PATH", or a URL of a kind of store that has a scheme; Invalid for another.
struct RepoAddress {
  std::string kind, path;  // path: as it is shown
  StoreOptions options;
};
Result<RepoAddress> parse_repo(std::string_view text);

}  // namespace hf
