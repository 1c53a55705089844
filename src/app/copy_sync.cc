#include "app/copy_sync.h"

#include <algorithm>

#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

bool is_out_of_reach(const Error& error) {
  return error.code() == Code::Unavailable || error.code() == Code::Timeout || error.code() == Code::Denied ||
         error.code() == Code::Failed;
}

void add(CopyOutcome& all, const CopyOutcome& more) {
  all.points += more.points;
  all.heads += more.heads;
  all.proofs += more.proofs;
  all.packs += more.packs;
  all.bytes += more.bytes;
  for (const Diverged& diverged : more.diverged)
    if (std::none_of(all.diverged.begin(), all.diverged.end(),
                     [&](const Diverged& d) { return d.set == diverged.set; }))
      all.diverged.push_back(diverged);
  for (const std::string& problem : more.problems)
    if (std::find(all.problems.begin(), all.problems.end(), problem) == all.problems.end())
      all.problems.push_back(problem);
}

Status sync_keys(OpenCopy& from, OpenCopy& to, bool dry_run, SyncedCopy& synced) {
  const CopiedKeys keys = HF_TRY(copy_keys(*from, *to.store, dry_run));
  synced.keys_added += keys.added.size();
  synced.keys_revoked += keys.revoked.size();
  return keys.added.empty() || dry_run ? Status() : (*to).reload_keys();
}

Status sync_points(Context& context, OpenCopy& from, OpenCopy& to, CopyRequest request, SyncedCopy& synced) {
  const std::string doing = "copy to " + to.target.name;
  request.progress = [&](uint64_t bytes, uint64_t bytes_total) {
    context.progress.update({.doing = doing, .bytes = bytes, .bytes_total = bytes_total});
  };
  Result<CopyOutcome> copied = copy_points(*from, *to, request, context.program.stop);
  context.progress.clear();
  add(synced.copied, HF_TRY(std::move(copied)));
  return {};
}

std::string hint_of(const SyncedCopy& copy) {
  switch (copy.state) {
    case CopyState::Diverged:
      return "both were written to while they could not see each other, and both keep what they have; restore with "
             "--target NAME what is only there, then make one of them anew in an empty place: holdfast target sync " +
             copy.target;
    case CopyState::Blank:
      return "is the disk mounted? holdfast target sync " + copy.target + " makes it a copy";
    case CopyState::Behind:
      if (copy.copied.problems.empty()) break;
      return "holdfast check says what is damaged; then holdfast target sync " + copy.target;
    default:
      break;
  }
  const std::string sync = "holdfast target sync " + copy.target + " brings it up to date";
  // What keeps it from being reached comes first.
  return copy.error && !copy.error->hint().empty() ? copy.error->hint() + "; then " + sync : sync;
}

std::string why_of(const SyncedCopy& copy) {
  if (copy.error) return copy.error->message();
  if (!copy.copied.diverged.empty())
    return "set " + copy.copied.diverged.front().set + " went another way from point number " +
           std::to_string(copy.copied.diverged.front().number) + " on";
  return copy.copied.problems.empty() ? "" : copy.copied.problems.front();
}

}  // namespace

std::string_view name_of(CopyState state) {
  switch (state) {
    case CopyState::Complete:
      return "complete";
    case CopyState::Behind:
      return "behind";
    case CopyState::Diverged:
      return "diverged";
    case CopyState::Unreachable:
      return "unreachable";
    case CopyState::Blank:
      return "no repository";
  }
  return "";
}

void sync_copy(Context& context, OpenCopy& from, OpenCopy& to, const CopyRequest& request, SyncedCopy& synced) {
  Status done = sync_keys(from, to, request.dry_run, synced);
  if (done.ok()) done = sync_points(context, from, to, request, synced);
  if (!synced.copied.diverged.empty())
    synced.state = CopyState::Diverged;
  else if (!synced.copied.problems.empty() && synced.state == CopyState::Complete)
    synced.state = CopyState::Behind;
  if (done.ok()) return;
  synced.state = is_out_of_reach(done.error()) ? CopyState::Unreachable : CopyState::Behind;
  synced.error = std::move(done).error();
}

Result<OpenCopy> make_copy(Context& context, const Settings& settings, OpenCopy& from, const TargetSettings& target) {
  OpenCopy made{.target = target};
  made.store = HF_TRY(open_store(context, settings, target, true));
  HF_TRY(copy_keys(*from, *made.store, true));  // refuses a place that is somebody else's
  // What this machine has seen of a copy that was there before says nothing of the new one. It is forgotten before
  // there is one: killed at any moment after that, what is there is a new copy and no older state of the lost one.
  from.repository->trust().forget_copy(target.name);
  HF_TRY(from.repository->trust().save(context.program.fs));
  HF_TRY(copy_keys(*from, *made.store, false));
  made.repository = HF_TRY(Repository::open_copy(*from, *made.store, target.name));
  return made;
}

SyncedCopy not_usable(const ClosedCopy& copy) {
  return {.target = copy.target.name,
          .state = copy.is_blank ? CopyState::Blank : CopyState::Unreachable,
          .error = copy.error.clone()};
}

Exit exit_of(const std::vector<SyncedCopy>& copies) {
  const bool all = std::all_of(copies.begin(), copies.end(),
                               [](const SyncedCopy& copy) { return copy.state == CopyState::Complete; });
  return all ? Exit::Done : Exit::Missed;
}

JsonArray copies_document(const std::vector<SyncedCopy>& copies) {
  JsonArray all;
  for (const SyncedCopy& copy : copies) {
    JsonArray diverged;
    for (const Diverged& set : copy.copied.diverged)
      diverged.add(JsonObject().add("set", set.set).add("number", set.number));
    JsonObject one;
    one.add("target", copy.target).add("status", name_of(copy.state)).add("points", copy.copied.points);
    one.add("packs", copy.copied.packs).add("bytes", copy.copied.bytes).add("proofs", copy.copied.proofs);
    one.add("keys_added", copy.keys_added).add("keys_revoked", copy.keys_revoked);
    one.add("diverged", diverged.json()).add("problems", json_list(copy.copied.problems));
    one.add("message", why_of(copy)).add("hint", copy.state == CopyState::Complete ? "" : hint_of(copy));
    all.add(one);
  }
  return all;
}

void print_copies(Out& out, std::span<const SyncedCopy> copies, bool dry_run) {
  for (const SyncedCopy& copy : copies) {
    const CopyOutcome& copied = copy.copied;
    const std::string would = dry_run ? "would be copied" : "copied";
    if (copied.points + copied.packs + copy.keys_added + copy.keys_revoked + copied.proofs > 0)
      out.say("copy " + copy.target + ": " + format_count(copied.points, "point", "points") + " " + would + ", " +
              format_count(copied.packs, "pack", "packs") + ", " + format_bytes(copied.bytes) +
              (copy.keys_added > 0 ? ", " + format_count(copy.keys_added, "key object", "key objects") : "") +
              (copy.keys_revoked > 0
                   ? ", " + format_count(copy.keys_revoked, "revoked key", "revoked keys") + " removed"
                   : ""));
    else if (copy.state == CopyState::Complete)
      out.say("copy " + copy.target + ": up to date");
    if (copy.state == CopyState::Complete) continue;
    out.warn("copy " + copy.target + " is " +
             (copy.state == CopyState::Blank ? "not a copy" : std::string(name_of(copy.state))) + ": " +
             printable(why_of(copy)));
    for (size_t i = 1; i < copied.problems.size() && out.is_verbose(); ++i)
      out.warn("  " + printable(copied.problems[i]));
    out.warn("hint: " + hint_of(copy));
  }
}

Status bring_keys(OpenCopy& one, OpenCopy& other) {
  SyncedCopy ignored;
  HF_TRY(sync_keys(other, one, false, ignored));
  return sync_keys(one, other, false, ignored);
}

std::vector<SyncedCopy> spread_keys(OpenCopies& copies, OpenCopy& changed) {
  std::vector<SyncedCopy> spread;
  for (OpenCopy& copy : copies.open) {
    if (&copy == &changed) continue;
    SyncedCopy synced{.target = copy.target.name};
    Status done = sync_keys(changed, copy, false, synced);
    if (!done.ok()) {
      synced.state = is_out_of_reach(done.error()) ? CopyState::Unreachable : CopyState::Behind;
      synced.error = std::move(done).error();
    }
    spread.push_back(std::move(synced));
  }
  for (const ClosedCopy& closed : copies.closed) spread.push_back(not_usable(closed));
  return spread;
}

}  // namespace hf
