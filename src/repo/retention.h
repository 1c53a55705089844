// Retention: which points stay, and why. A pure function: a dry run, a report and prune itself read the same decision.
//
// Rules add up: a point stays if any rule wants it. A calendar rule (UTC, ISO weeks) keeps the newest complete point of
// each of the N most recent hours, days, … that have points at all, so that nothing expires merely because no
// backup ran. A partial point stands for its bucket only if the bucket has no complete one. `last` keeps the N newest
// points and the N newest complete ones, so that a run of partial points cannot push out the last good one.
// Whatever the rules: the newest complete point, the newest proven points and points dated in the future stay.
// A held point stays until a person gives it up, and is no rule's choice: it takes no other's place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace hf {

// How many of each; 0: the rule is absent. Without any rule everything is kept.
struct KeepRules {
  uint32_t last = 0;
  uint32_t hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0;
  Duration within{};  // all points that are not older than this
  bool is_empty() const;
  std::string describe() const;  // "last 7, daily 30, within 48h"; "" if empty
};

// What stays whatever the rules say.
struct KeepAlways {
  uint32_t proven_min = 2;      // this many of the newest proven points
  bool newest_complete = true;  // the newest complete point
};

struct Candidate {
  PointId id;
  WallTime time{};
  bool complete = true;
  bool proven = false;
  bool is_held = false;
};

struct Decision {
  PointId id;
  bool keep = false;
  std::string reason;  // all rules that keep it: "last 3 of 7, daily 2026-11-20"; or why none does
};

// One decision for each candidate, newest first, whatever the order of `candidates`.
std::vector<Decision> decide(std::vector<Candidate> candidates, const KeepRules& rules, WallTime now,
                             const KeepAlways& always);

}  // namespace hf
