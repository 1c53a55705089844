// Opening: from flags, environment and configuration to an open store and repository.
//
// With --repo (or, without -c, $HOLDFAST_REPO) the configuration is read only if -c names it; without, the first of -c,
// $HOLDFAST_CONFIG,
// ./holdfast.yaml and /etc/holdfast/holdfast.yaml that there is.
#pragma once

#include <memory>
#include <optional>

#include "app/credentials.h"
#include "app/program.h"
#include "config/config.h"
#include "repo/repository.h"
#include "source/source.h"

namespace hf {

struct Settings {
  std::optional<config::Config> config;
  std::string config_path;
  std::string target;      // its name in the configuration, or the path given
  std::string store_kind;  // "": none is known
  StoreOptions store_options;

  const config::Config* config_or_null() const { return config ? &*config : nullptr; }
};

// Where the configuration is; "" if there is none.
std::string find_config(Context& context);
// Invalid: neither a repository nor a configuration is named, or the configuration needs what this version cannot do.
Result<Settings> load_settings(Context& context);

struct OpenRepository {
  std::unique_ptr<Store> store;
  std::unique_ptr<Repository> repository;
  Repository& operator*() const { return *repository; }
};

// NotFound: there is no such place.
Result<std::unique_ptr<Store>> open_store(Context& context, const Settings& settings, bool create);
// Tries one key after the other. NotFound: no repository; KeyMissing: none opens it, or none was given.
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
