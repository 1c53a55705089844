// Targets: where the copies of a repository are, in the operator's words, and what they have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "store/store.h"
#include "sys/fs.h"

namespace hf {

// Failure domains as the operator names them; "": not said.
struct Labels {
  std::string provider, account, region;
};

struct TargetSettings {
  std::string name;  // in the configuration, or the address given
  std::string kind;  // of store
  StoreOptions options;
  Labels labels;
};

// Options that every kind of target takes beside its own.
const std::vector<config::KindOption>& label_options();

// All targets, in the order in which sets name them first, then by name.
std::vector<TargetSettings> targets_of(const config::Config& config);
// Those that hold the set: of its policy, or all where the configuration does not know the set.
std::vector<std::string> copies_of(const config::Config& config, const std::string& set);
// Sets whose policy leaves this target out.
std::vector<std::string> sets_not_in(const config::Config& config, const std::string& target);

// One sentence for each failure domain that all of these copies share; none for a single copy. Directories on one file
// system share it, whatever their labels say.
std::vector<std::string> shared_domains(Fs& fs, const std::vector<const TargetSettings*>& copies);
// Of every policy of the configuration, with the policy's name.
std::vector<std::string> policy_domain_warnings(Fs& fs, const config::Config& config);

}  // namespace hf
