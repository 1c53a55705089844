#include "app/targets.h"

#include <algorithm>
#include <optional>

#include "app/kinds.h"
#include "sys/entry.h"

namespace hf {
namespace {

std::string last_of(const config::KindConfig& target, std::string_view option) {
  const auto found = target.options.find(option);
  return found == target.options.end() || found->second.empty() ? "" : found->second.back();
}

TargetSettings settings_of(const std::string& name, const config::KindConfig& target) {
  TargetSettings settings{.name = name, .kind = target.type};
  settings.labels = {.provider = last_of(target, "provider"),
                     .account = last_of(target, "account"),
                     .region = last_of(target, "region")};
  const std::vector<StoreKind> kinds = store_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const StoreKind& k) { return k.name == target.type; });
  for (const auto& [option, values] : target.options) {
    // A label that is an option of the kind, too, is both.
    const bool is_of_kind = kind != kinds.end() && std::any_of(kind->options.begin(), kind->options.end(),
                                                               [&](const StoreOption& o) { return o.name == option; });
    if (is_of_kind && !values.empty()) settings.options[option] = values.back();
  }
  return settings;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// Of the directory, or of what is there of the path to it.
std::optional<uint64_t> device_of(Fs& fs, const TargetSettings& target) {
  if (target.kind != "directory") return std::nullopt;
  const auto path = target.options.find("path");
  if (path == target.options.end()) return std::nullopt;
  const Result<std::string> absolute = fs.absolute(path->second);
  if (!absolute.ok()) return std::nullopt;
  for (std::string at = absolute.value();; at.resize(at.rfind('/'))) {
    const Result<std::unique_ptr<Directory>> directory = fs.open_directory(at.empty() ? "/" : at);
    if (directory.ok()) {
      const Result<FileInfo> info = directory.value()->info("");
      return info.ok() ? std::optional(info.value().device) : std::nullopt;
    }
    if (at.find('/') == at.npos) return std::nullopt;
  }
}

std::string names_of(const std::vector<const TargetSettings*>& copies) {
  std::string text;
  for (size_t i = 0; i < copies.size(); ++i)
    text += (i == 0 ? "" : i + 1 == copies.size() ? " and " : ", ") + copies[i]->name;
  return text;
}

}  // namespace

const std::vector<config::KindOption>& label_options() {
  static const std::vector<config::KindOption> all = {
      {.name = "provider", .help = "failure domain: who runs it; copies that share one are warned of", .sample = ""},
      {.name = "account", .help = "failure domain: whose account, bucket owner or administrator", .sample = ""},
      {.name = "region", .help = "failure domain: where it is", .sample = ""},
  };
  return all;
}

std::vector<TargetSettings> targets_of(const config::Config& config) {
  std::vector<std::string> names;
  for (const auto& [name, set] : config.sets)
    for (const std::string& copy : set.policy.copies) add_once(names, copy);
  for (const auto& [name, target] : config.targets) add_once(names, name);
  std::vector<TargetSettings> targets;
  for (const std::string& name : names)
    if (const auto found = config.targets.find(name); found != config.targets.end())
      targets.push_back(settings_of(name, found->second));
  return targets;
}

std::vector<std::string> copies_of(const config::Config& config, const std::string& set) {
  const auto found = config.sets.find(set);
  if (found != config.sets.end() && !found->second.policy.copies.empty()) return found->second.policy.copies;
  std::vector<std::string> all;
  for (const TargetSettings& target : targets_of(config)) all.push_back(target.name);
  return all;
}

std::vector<std::string> sets_not_in(const config::Config& config, const std::string& target) {
  std::vector<std::string> sets;
  for (const auto& [name, set] : config.sets) {
    const std::vector<std::string> copies = copies_of(config, name);
    if (std::find(copies.begin(), copies.end(), target) == copies.end()) sets.push_back(name);
  }
  return sets;
}

std::vector<std::string> shared_domains(Fs& fs, const std::vector<const TargetSettings*>& copies) {
  std::vector<std::string> shared;
  if (copies.size() < 2) return shared;
  const std::string all = "the copies " + names_of(copies) + " share one failure domain: ";
  const auto look = [&](const std::string& what, const auto& value_of) {
    const std::string first = value_of(*copies.front());
    if (!first.empty() &&
        std::all_of(copies.begin(), copies.end(), [&](const TargetSettings* copy) { return value_of(*copy) == first; }))
      shared.push_back(all + what + " " + printable(first));
  };
  look("provider", [](const TargetSettings& target) { return target.labels.provider; });
  look("account", [](const TargetSettings& target) { return target.labels.account; });
  look("region", [](const TargetSettings& target) { return target.labels.region; });
  const std::optional<uint64_t> device = device_of(fs, *copies.front());
  if (device && std::all_of(copies.begin(), copies.end(),
                            [&](const TargetSettings* copy) { return device_of(fs, *copy) == device; }))
    shared.push_back(all + "they are directories on one file system");
  return shared;
}

std::vector<std::string> policy_domain_warnings(Fs& fs, const config::Config& config) {
  const std::vector<TargetSettings> targets = targets_of(config);
  std::vector<std::string> warnings, seen;
  for (const auto& [name, set] : config.sets) {
    const std::string policy = set.policy_name.empty() ? "set " + name : "policy " + set.policy_name;
    if (std::find(seen.begin(), seen.end(), policy) != seen.end()) continue;
    seen.push_back(policy);
    std::vector<const TargetSettings*> copies;
    for (const std::string& copy : copies_of(config, name))
      for (const TargetSettings& target : targets)
        if (target.name == copy) copies.push_back(&target);
    for (const std::string& domain : shared_domains(fs, copies)) warnings.push_back(policy + ": " + domain);
  }
  return warnings;
}

}  // namespace hf
