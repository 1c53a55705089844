#include "config/policies.h"

#include <algorithm>

namespace hf::config {
namespace {

// More than anyone can follow, and a bound for the work.
constexpr size_t chain_max = 32;

}  // namespace

Node merge(const Node& under, const Node& over) {
  if (under.kind != Node::Kind::Map || over.kind != Node::Kind::Map) return over;
  Node merged = over;
  for (const Member& member : under.members) {
    const auto own = std::ranges::find(merged.members, member.key, &Member::key);
    if (own == merged.members.end())
      merged.members.push_back(member);
    else
      own->value = merge(member.value, own->value);
  }
  return merged;
}

std::map<std::string, Node> resolve_policies(const Node& policies, Problems& problems) {
  std::map<std::string, Node> resolved;
  for (const Member& policy : policies.members) {
    std::vector<const Node*> chain{&policy.value};
    std::string names = policy.key;
    while (const Node* extends = chain.back()->find("extends")) {
      const Node* parent = policies.find(extends->text);
      if (parent == nullptr) break;
      names += " -> " + extends->text;
      const bool is_cycle = parent == &policy.value;
      // Whoever merely leads into a cycle of others is not to blame for it.
      if (is_cycle)
        problems.add(policy.value.find("extends")->place, "policies extend one another in a circle: " + names);
      if (is_cycle || std::ranges::find(chain, parent) != chain.end()) break;
      if (chain.size() == chain_max) {
        problems.add(policy.place, "more than 32 policies extend one another");
        break;
      }
      chain.push_back(parent);
    }
    Node merged = *chain.back();
    for (auto node = chain.rbegin() + 1; node != chain.rend(); ++node) merged = merge(merged, **node);
    resolved.emplace(policy.key, std::move(merged));
  }
  return resolved;
}

}  // namespace hf::config
