#include "app/session.h"

#include <algorithm>

#include "app/kinds.h"
#include "sys/entry.h"
#include "sys/process_identity.h"

namespace hf {
namespace {

constexpr std::string_view directory_kind = "directory";
constexpr Duration run_budget = std::chrono::hours(24 * 30);

bool is_there(Fs& fs, const std::string& path) {
  const size_t slash = path.rfind('/');
  const Result<std::unique_ptr<Directory>> directory = fs.open_directory(path.substr(0, slash + 1) + ".");
  return directory.ok() && directory.value()->info(path.substr(slash + 1)).ok();
}

Status check_targets(const config::Config& config) {
  const auto several = [](const std::string& what) {
    return Error(Code::Invalid, what + ": only one copy is supported in this version")
        .with_hint("name one target; a second copy can be made with any tool that copies files");
  };
  if (config.targets.size() > 1)
    return several("the configuration has " + std::to_string(config.targets.size()) + " targets");
  for (const auto& [name, set] : config.sets)
    if (set.policy.copies.size() > 1) return several("set " + name + " wants several copies");
  if (config.targets.empty())
    return Error(Code::Invalid, "the configuration has no target").with_hint("add one, or give --repo PATH");
  return {};
}

}  // namespace

Result<RepoAddress> parse_repo(std::string_view text) {
  constexpr const char* hint = "give a directory, --repo /backup/repo, or a bucket, --repo s3://BUCKET/PREFIX";
  if (const size_t colon = text.find("://"); colon != text.npos) {
    for (const StoreKind& kind : store_kinds())
      if (kind.parse != nullptr && kind.scheme == text.substr(0, colon))
        return RepoAddress{.kind = std::string(kind.name),
                           .path = std::string(text),
                           .options = HF_TRY(kind.parse(text.substr(colon + 3)))};
    return Error(Code::Invalid, "this version cannot store to " + printable(text.substr(0, colon)) + "://")
        .with_hint(hint);
  }
  if (text.starts_with("dir:")) text.remove_prefix(4);
  if (text.empty()) return Error(Code::Invalid, "--repo is empty").with_hint(hint);
  return RepoAddress{
      .kind = std::string(directory_kind), .path = std::string(text), .options = {{"path", std::string(text)}}};
}

std::string find_config(Context& context) {
  if (context.args.has("config")) return context.args.text("config");
  if (const std::string path = context.program.environment("HOLDFAST_CONFIG"); !path.empty()) return path;
  for (const char* path : {"./holdfast.yaml", "/etc/holdfast/holdfast.yaml"})
    if (is_there(context.program.fs, path)) return path;
  return {};
}

Result<Settings> load_settings(Context& context) {
  Settings settings;
  // Flags are stronger than the environment: -c alone means the configuration's target.
  std::string repo = context.args.text("repo");
  if (!context.args.has("repo") && !context.args.has("config")) repo = context.program.environment("HOLDFAST_REPO");
  const bool has_repo = context.args.has("repo") || !repo.empty();
  if (context.args.has("config") || !has_repo) settings.config_path = find_config(context);
  if (!settings.config_path.empty()) {
    Result<config::Config> loaded = config::load(context.program.fs, settings.config_path, config_schemas());
    if (!loaded.ok() && loaded.error().code() == Code::NotFound)
      return Error(Code::Invalid, "there is no configuration " + printable(settings.config_path))
          .with_hint("holdfast config init writes one; or do without: --repo PATH");
    settings.config = HF_TRY(std::move(loaded));
  }
  if (has_repo) {
    RepoAddress address = HF_TRY(parse_repo(repo));
    settings.target = std::move(address.path);
    settings.store_kind = std::move(address.kind);
    settings.store_options = std::move(address.options);
    return settings;
  }
  if (!settings.config)
    return Error(Code::Invalid, "which repository?")
        .with_hint("--repo PATH names it, or a configuration: holdfast config init");
  HF_TRY(check_targets(*settings.config).during(settings.config_path));
  const auto& [name, target] = *settings.config->targets.begin();
  settings.target = name;
  settings.store_kind = target.type;
  for (const auto& [option, values] : target.options)
    if (!values.empty()) settings.store_options[option] = values.back();
  return settings;
}

Result<std::unique_ptr<Store>> open_store(Context& context, const Settings& settings, bool create) {
  const std::vector<StoreKind> kinds = store_kinds();
  const auto kind =
      std::find_if(kinds.begin(), kinds.end(), [&](const StoreKind& k) { return k.name == settings.store_kind; });
  if (kind == kinds.end()) return Error(Code::Invalid, "this version has no store of type " + settings.store_kind);
  const StoreWorld world{.clock = context.program.clock,
                         .entropy = context.program.entropy,
                         .fs = context.program.fs,
                         .http = context.program.http,
                         .secret = secret_opener(context, settings.config_or_null()),
                         .environment = context.program.environment,
                         .stop = context.program.stop};
  Result<std::unique_ptr<Store>> store = kind->open(world, settings.store_options, create);
  // Unless the kind knows better.
  if (!store.ok() && store.error().code() == Code::NotFound && store.error().hint().empty())
    return Error(Code::NotFound, "no repository at " + printable(settings.target))
        .with_hint("holdfast init makes one; is the path right, and is the disk mounted?");
  return store;
}

Result<std::string> state_directory(Context& context) {
  const auto environment = context.program.environment;
  std::string path = environment("HOLDFAST_CACHE_DIR");
  if (path.empty()) {
    if (const std::string cache = environment("XDG_CACHE_HOME"); cache.starts_with('/'))
      path = cache + "/holdfast";
    else if (const std::string home = environment("HOME"); !home.empty())
      path = home + "/.cache/holdfast";
    else
      path = "/var/cache/holdfast";
  }
  HF_TRY(context.program.fs.create_directories(path, 0700).during("make the cache directory"));
  return path;
}

Result<World> make_world(Context& context) {
  return World{.env = context.program.env(),
               .fs = context.program.fs,
               .state_directory = HF_TRY(state_directory(context)),
               .process = process_identity(),
               .is_gone = is_process_gone};
}

SourceWorld source_world(Context& context, const Settings& settings) {
  return SourceWorld{.env = context.program.env(),
                     .fs = context.program.fs,
                     .process = context.program.process,
                     .http = context.program.http,
                     .secret = secret_opener(context, settings.config_or_null())};
}

Deadline run_deadline(Context& context) {
  return Deadline(context.program.clock, run_budget);
}

Result<OpenRepository> open_repository(Context& context, const Settings& settings) {
  OpenRepository opened;
  opened.store = HF_TRY(open_store(context, settings, false));
  const Deadline deadline = run_deadline(context);
  // Before anybody is asked for a passphrase.
  const Result<ObjectInfo> config = opened.store->info("config", deadline);
  if (!config.ok() && config.error().code() == Code::NotFound)
    return Error(Code::NotFound, "no repository in " + opened.store->describe())
        .with_hint("holdfast init makes one; is the path right, and is the disk mounted?");
  const World world = HF_TRY(make_world(context));
  std::vector<NamedCredentials> credentials = HF_TRY(opening_credentials(context, settings.config_or_null()));
  std::optional<Error> failure;
  for (NamedCredentials& named : credentials) {
    if (context.program.stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    Repository::Open options{.key_kinds = key_kinds(), .credentials = std::move(named.credentials)};
    options.signer = HF_TRY(signer_of_flags(context, settings.config_or_null()));
    options.accept_signer = context.args.text("accept-signer");
    Result<std::unique_ptr<Repository>> repository =
        Repository::open(world, *opened.store, std::move(options), deadline);
    if (repository.ok()) {
      opened.repository = std::move(repository).value();
      const WallTime expires = opened.repository->opened_with().expires;
      if (expires != WallTime{} && expires < context.program.clock.wall())
        context.out.warn("note: the key that opened the repository has expired; holdfast key rotate");
      return opened;
    }
    const bool is_last = &named == &credentials.back();
    if (repository.error().code() != Code::KeyMissing || is_last) {
      failure = std::move(repository).error();
      break;
    }
  }
  HF_ASSERT(failure.has_value());
  return std::move(*failure);
}

Result<OpenRepository> open_repository(Context& context) {
  return open_repository(context, HF_TRY(load_settings(context)));
}

}  // namespace hf
