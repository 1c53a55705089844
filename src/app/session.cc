#include "app/session.h"

#include <algorithm>

#include "app/kinds.h"
#include "base/text.h"
#include "repo/points.h"
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

// Before anybody is asked for a passphrase.
Status expect_repository(Store& store, const Deadline& deadline) {
  const Result<ObjectInfo> config = store.info("config", deadline);
  if (config.ok()) return {};
  if (config.error().code() != Code::NotFound) return config.error().clone();
  return Error(Code::NotFound, "no repository in " + store.describe())
      .with_hint("holdfast init makes one; is the path right, and is the disk mounted?");
}

Result<std::vector<TargetSettings>> targets_named(const config::Config& config, const std::string& wanted) {
  std::vector<TargetSettings> targets = targets_of(config);
  if (targets.empty())
    return Error(Code::Invalid, "the configuration has no target").with_hint("add one, or give --repo PATH");
  if (wanted.empty()) return targets;
  std::vector<std::string> names;
  for (const TargetSettings& target : targets) names.push_back(target.name);
  std::erase_if(targets, [&](const TargetSettings& target) { return target.name != wanted; });
  if (!targets.empty()) return targets;
  const std::optional<std::string> near = closest(wanted, names);
  return Error(Code::NotFound, "the configuration has no target " + printable(wanted))
      .with_hint(near ? "did you mean " + *near + "?" : "holdfast list targets shows them");
}

}  // namespace

Result<RepoAddress> parse_repo(std::string_view text) {
  constexpr const char* hint = "give a directory, --repo /backup/repo, or a bucket, --repo s3://BUCKET/PREFIX";
  if (const size_t colon = text.find("://"); colon != text.npos) {
    for (const StoreKind& kind : store_kinds())
      if (kind.parse != nullptr && kind.scheme == text.substr(0, colon)) {
        StoreOptions options = HF_TRY(kind.parse(text.substr(colon + 3)));
        return RepoAddress{.kind = std::string(kind.name), .path = std::string(text), .options = std::move(options)};
      }
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

Result<Settings> load_settings(Context& context, AllTargets all) {
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
    if (settings.config->names_only) context.out.show_names_only();
  }
  if (has_repo) {
    RepoAddress address = HF_TRY(parse_repo(repo));
    if (context.args.has("target"))
      return Error(Code::Invalid, "--target names a target of a configuration, and --repo is a place of its own")
          .with_hint("leave one of them out");
    settings.targets.push_back(
        {.name = std::move(address.path), .kind = std::move(address.kind), .options = std::move(address.options)});
    return settings;
  }
  if (!settings.config)
    return Error(Code::Invalid, "which repository?")
        .with_hint("--repo PATH names it, or a configuration: holdfast config init");
  settings.has_copies = settings.config->targets.size() > 1;
  settings.targets = HF_TRY(targets_named(*settings.config, context.args.text("target")).during(settings.config_path));
  if (all == AllTargets::Yes) settings.targets = targets_of(*settings.config);
  return settings;
}

Result<std::unique_ptr<Store>> open_store(Context& context, const Settings& settings, const TargetSettings& target,
                                          bool create) {
  const std::vector<StoreKind> kinds = store_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const StoreKind& k) { return k.name == target.kind; });
  if (kind == kinds.end()) return Error(Code::Invalid, "this version has no store of type " + target.kind);
  const StoreWorld world{.clock = context.program.clock,
                         .entropy = context.program.entropy,
                         .fs = context.program.fs,
                         .http = context.program.http,
                         .secret = secret_opener(context, settings.config_or_null()),
                         .environment = context.program.environment,
                         .stop = context.program.stop};
  Result<std::unique_ptr<Store>> store = kind->open(world, target.options, create);
  // Unless the kind knows better.
  if (!store.ok() && store.error().code() == Code::NotFound && store.error().hint().empty())
    return Error(Code::NotFound, "no repository at " + printable(target.name))
        .with_hint("holdfast init makes one; is the path right, and is the disk mounted?");
  return store;
}

Result<std::unique_ptr<Store>> open_store(Context& context, const Settings& settings) {
  std::optional<Error> first;
  for (const TargetSettings& target : settings.targets) {
    Result<std::unique_ptr<Store>> store = open_store(context, settings, target, false);
    const Status there = store.ok() ? expect_repository(*store.value(), run_deadline(context)) : store.error().clone();
    if (there.ok()) return store;
    if (!first) first = there.error().clone();
  }
  return std::move(*first);
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

namespace {

std::string_view provider_of(const config::KeyConfig& key) {
  switch (key.kind) {
    case config::KeyConfig::Kind::Passphrase:
      return "passphrase";
    case config::KeyConfig::Kind::File:
      return "key-file";
    case config::KeyConfig::Kind::Identity:
    case config::KeyConfig::Kind::Recipient:
      return "x25519";
    case config::KeyConfig::Kind::Signing:
      return key.algorithm;
  }
  return "";
}

std::vector<KeyFact> configured_keys(const config::Config* config) {
  std::vector<KeyFact> keys;
  if (config != nullptr)
    for (const auto& [name, key] : config->keys)
      keys.push_back({.role = KeyFact::Role::Configured, .id = name, .provider = std::string(provider_of(key))});
  return keys;
}

}  // namespace

SourceWorld source_world(Context& context, const Settings& settings) {
  return SourceWorld{.env = context.program.env(),
                     .fs = context.program.fs,
                     .process = context.program.process,
                     .http = context.program.http,
                     .secret = secret_opener(context, settings.config_or_null()),
                     .configured_keys = configured_keys(settings.config_or_null())};
}

Deadline run_deadline(Context& context) {
  return Deadline(context.program.clock, run_budget);
}

namespace {

Result<std::unique_ptr<Repository>> open_with_keys(Context& context, const Settings& settings, Store& store) {
  const Deadline deadline = run_deadline(context);
  HF_TRY(expect_repository(store, deadline));
  const World world = HF_TRY(make_world(context));
  std::vector<NamedCredentials> credentials = HF_TRY(opening_credentials(context, settings.config_or_null()));
  for (NamedCredentials& named : credentials) {
    if (context.program.stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    Repository::Open options{.key_kinds = key_kinds(), .credentials = std::move(named.credentials)};
    options.signer = HF_TRY(signer_of_flags(context, settings.config_or_null()));
    options.accept_signer = context.args.text("accept-signer");
    Result<std::unique_ptr<Repository>> repository = Repository::open(world, store, std::move(options), deadline);
    const bool is_last = &named == &credentials.back();
    if (!repository.ok() && repository.error().code() == Code::KeyMissing && !is_last) continue;
    return repository;
  }
  return Error(Code::KeyMissing, "no key was given");
}

// Whether another copy may be asked: none is where the person or the key is wrong.
bool is_of_copy(const Error& error) {
  return error.code() != Code::KeyMissing && error.code() != Code::Invalid && error.code() != Code::Cancelled;
}

Result<OpenCopy> open_copy(Context& context, const Settings& settings, const TargetSettings& target,
                           const Repository* opened) {
  OpenCopy copy{.target = target};
  copy.store = HF_TRY(open_store(context, settings, target, false));
  copy.repository = HF_TRY(opened == nullptr ? open_with_keys(context, settings, *copy.store)
                                             : Repository::open_copy(*opened, *copy.store, target.name));
  if (settings.has_copies) copy.repository->set_copy(target.name);
  return copy;
}

bool is_local(const OpenCopy& copy) {
  return copy.target.kind == "directory";
}

// The newest number of each set, by the set's directory.
Result<std::map<std::string, uint64_t>> newest_heads(Repository& repository) {
  std::map<std::string, uint64_t> newest;
  HF_TRY(repository.store().list(
      "heads/",
      [&](const ObjectInfo& info) -> Status {
        const size_t slash = info.name.rfind('/');
        if (slash <= 6) return {};
        uint64_t& number = newest[info.name.substr(6, slash - 6)];
        number = std::max(number, sequence_of(info.name).value_or(0));
        return {};
      },
      repository.deadline()));
  return newest;
}

// The nearest of those that have the newest points of most sets.
size_t nearest_complete(const std::vector<OpenCopy>& copies) {
  std::vector<std::map<std::string, uint64_t>> heads;
  std::map<std::string, uint64_t> newest;
  for (const OpenCopy& copy : copies) {
    Result<std::map<std::string, uint64_t>> of_copy = newest_heads(*copy);
    heads.push_back(of_copy.ok() ? std::move(of_copy).value() : std::map<std::string, uint64_t>());
    for (const auto& [set, number] : heads.back()) newest[set] = std::max(newest[set], number);
  }
  const auto rank = [&](size_t i) {
    size_t current = 0;
    for (const auto& [set, number] : newest) current += heads[i].contains(set) && heads[i].at(set) == number ? 1 : 0;
    return std::pair(current, is_local(copies[i]));
  };
  size_t best = 0;
  for (size_t i = 1; i < copies.size(); ++i)
    if (rank(i) > rank(best)) best = i;
  return best;
}

void tell_closed(Context& context, const std::vector<ClosedCopy>& closed) {
  for (const ClosedCopy& copy : closed)
    context.out.remark("note: copy " + copy.target.name + " cannot be used: " + copy.error.message());
}

// What a copy out of reach may have, and those at hand have not.
void tell_lag(Context& context, Repository& repository) {
  const Result<std::map<std::string, uint64_t>> heads = newest_heads(repository);
  if (!heads.ok()) return;
  for (const auto& [set, seen] : repository.trust().heads()) {
    if (set.find('/') != set.npos) continue;
    const auto here = heads.value().find(set);
    const uint64_t number = here == heads.value().end() ? 0 : here->second;
    if (number < seen.sequence)
      context.out.warn("note: the copies at hand show point number " + std::to_string(number) + " of set " + set +
                       " as the newest, and this machine has seen number " + std::to_string(seen.sequence));
  }
}

void tell_elsewhere(Out& out, const ReadElsewhere& read) {
  out.warn("note: " + printable(read.object) + " of copy " + read.own +
           (read.is_damaged ? " is damaged" : " cannot be read") + ": read from copy " + read.copy + " instead (" +
           read.why + ")");
  out.event("check.result", JsonObject()
                                .add("name", read.object)
                                .add("status", "note")
                                .add("copy", read.own)
                                .add("read_from", read.copy)
                                .add("message", read.why));
}

}  // namespace

OpenCopy* OpenCopies::find(std::string_view name) {
  const auto found =
      std::find_if(open.begin(), open.end(), [&](const OpenCopy& copy) { return copy.target.name == name; });
  return found == open.end() ? nullptr : &*found;
}

Result<OpenCopies> open_copies(Context& context, const Settings& settings, const Repository* opened) {
  OpenCopies copies;
  for (const TargetSettings& target : settings.targets) {
    const Repository* keys = opened == nullptr && !copies.open.empty() ? copies.open.front().repository.get() : opened;
    Result<OpenCopy> copy = open_copy(context, settings, target, keys);
    if (copy.ok()) {
      copies.open.push_back(std::move(copy).value());
      continue;
    }
    if (settings.targets.size() == 1 || !is_of_copy(copy.error())) return std::move(copy).error();
    const bool is_blank = copy.error().code() == Code::NotFound;
    copies.closed.push_back({.target = target, .error = std::move(copy).error(), .is_blank = is_blank});
  }
  if (copies.open.empty()) return std::move(copies.closed.front().error).during("no copy can be used");
  const WallTime expires = copies.open.front().repository->opened_with().expires;
  if (expires != WallTime{} && expires < context.program.clock.wall())
    context.out.warn("note: the key that opened the repository has expired; holdfast key rotate");
  return copies;
}

Result<OpenRepository> open_repository(Context& context, const Settings& settings) {
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  OpenRepository opened;
  const size_t front = copies.open.size() == 1 ? 0 : nearest_complete(copies.open);
  opened.target = copies.open[front].target;
  opened.store = std::move(copies.open[front].store);
  opened.repository = std::move(copies.open[front].repository);
  copies.open.erase(copies.open.begin() + static_cast<ptrdiff_t>(front));
  std::stable_sort(copies.open.begin(), copies.open.end(),
                   [](const OpenCopy& a, const OpenCopy& b) { return is_local(a) && !is_local(b); });
  opened.others = std::move(copies.open);
  opened.closed = std::move(copies.closed);
  if (settings.has_copies) {
    tell_closed(context, opened.closed);
    tell_lag(context, *opened);
  }
  if (opened.others.empty()) return opened;
  std::vector<Repository*> others;
  for (const OpenCopy& other : opened.others) others.push_back(other.repository.get());
  Out& out = context.out;
  opened.repository->read_also(std::move(others), [&out](const ReadElsewhere& read) { tell_elsewhere(out, read); });
  return opened;
}

Result<OpenRepository> open_repository(Context& context) {
  return open_repository(context, HF_TRY(load_settings(context)));
}

}  // namespace hf
