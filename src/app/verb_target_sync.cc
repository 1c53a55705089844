// target sync: every copy comes to have what another has.
#include <algorithm>

#include "app/copy_sync.h"
#include "app/verbs.h"
#include "base/text.h"
#include "repo/copy_plan.h"
#include "sys/entry.h"

namespace hf {
namespace {

class Sync {
 public:
  Sync(Context& context, const Settings& settings, OpenCopies& copies)
      : context_(context), settings_(settings), copies_(copies), from_(context.args.text("from")) {
    names_ = context.args.all("NAME");
    dry_run_ = context.args.has("dry-run");
  }

  Result<std::vector<SyncedCopy>> run() {
    HF_TRY(check_names());
    std::vector<SyncedCopy> all;
    HF_TRY(make_blank_copies(all));
    // The first copy comes first: then one source is enough for the others, mostly.
    for (OpenCopy& to : copies_.open) {
      if (!is_wanted(to.target.name)) continue;
      all.push_back(sync(to));
    }
    return all;
  }

 private:
  Status check_names() {
    std::vector<std::string> known;
    for (const TargetSettings& target : settings_.targets) known.push_back(target.name);
    std::vector<std::string> wanted = names_;
    if (!from_.empty()) wanted.push_back(from_);
    for (const std::string& name : wanted) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::optional<std::string> near = closest(name, known);
      return Error(Code::NotFound, "the configuration has no target " + printable(name))
          .with_hint(near ? "did you mean " + *near + "?" : "holdfast target list shows them");
    }
    for (const ClosedCopy& closed : copies_.closed)
      if (closed.target.name == from_)
        return Error(Code::Unavailable, "copy " + from_ + " cannot be used: " + closed.error.message());
    if (settings_.targets.size() < 2)
      return Error(Code::Invalid, "there is one copy only").with_hint("a second target in the configuration makes two");
    return {};
  }

  bool is_wanted(const std::string& name) const {
    if (name == from_) return false;
    return names_.empty() || std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  // Where a copy has been before, an empty place is a disk that is not mounted, unless the operator names it.
  bool was_seen(const std::string& name) const {
    const auto& heads = copies_.open.front().repository->trust().heads();
    return std::any_of(heads.begin(), heads.end(),
                       [&](const auto& head) { return head.first.starts_with(name + "/"); });
  }

  Status make_blank_copies(std::vector<SyncedCopy>& all) {
    std::vector<ClosedCopy> closed = std::exchange(copies_.closed, {});
    for (ClosedCopy& copy : closed) {
      const std::string& name = copy.target.name;
      if (!is_wanted(name)) continue;
      const bool is_named = std::find(names_.begin(), names_.end(), name) != names_.end();
      if (!copy.is_blank || (!is_named && was_seen(name))) {
        all.push_back(not_usable(copy));
        continue;
      }
      if (dry_run_) {
        context_.out.print("copy " + name + ": would be made, with all points");
        continue;
      }
      Result<OpenCopy> made = make_copy(context_, settings_, source_of(), copy.target);
      if (!made.ok()) {
        copy.error = std::move(made).error();
        copy.is_blank = false;
        all.push_back(not_usable(copy));
        continue;
      }
      context_.out.say("made copy " + name + " in " + printable(made.value().store->describe()));
      copies_.open.push_back(std::move(made).value());
    }
    return {};
  }

  OpenCopy& source_of() {
    OpenCopy* named = from_.empty() ? nullptr : copies_.find(from_);
    return named == nullptr ? copies_.open.front() : *named;
  }

  SyncedCopy sync(OpenCopy& to) {
    SyncedCopy synced{.target = to.target.name};
    std::set<std::string> counted;
    CopyRequest request{.dry_run = dry_run_, .counted = &counted};
    if (settings_.config)
      for (const std::string& set : sets_not_in(*settings_.config, to.target.name)) request.but.insert(set);
    for (OpenCopy& from : copies_.open) {
      if (&from == &to || (!from_.empty() && from.target.name != from_)) continue;
      sync_copy(context_, from, to, request, synced);
      if (synced.error) break;
    }
    if (synced.state == CopyState::Behind && !synced.error && !dry_run_ && has_all(to, request))
      synced.state = CopyState::Complete;  // what one copy could not give another gave
    return synced;
  }

  bool has_all(OpenCopy& to, const CopyRequest& request) {
    for (OpenCopy& from : copies_.open) {
      if (&from == &to) continue;
      const Result<std::vector<SetDifference>> sets = compare_sets(*from, *to, std::nullopt);
      if (!sets.ok()) return false;
      for (const SetDifference& set : sets.value())
        for (const auto& [number, point] : set.points)
          if (!request.but.contains(point.manifest.set)) return false;
    }
    return true;
  }

  Context& context_;
  const Settings& settings_;
  OpenCopies& copies_;
  const std::string from_;
  std::vector<std::string> names_;
  bool dry_run_ = false;
};

Exit exit_of_sync(const std::vector<SyncedCopy>& copies) {
  Exit exit = Exit::Done;
  const auto worse = [&](Exit other) {
    if (exit == Exit::Done || exit == Exit::Unreachable) exit = other;
  };
  for (const SyncedCopy& copy : copies) {
    if (copy.state == CopyState::Unreachable || copy.state == CopyState::Blank) {
      if (exit == Exit::Done) exit = Exit::Unreachable;
    } else if (copy.state == CopyState::Diverged) {
      worse(Exit::Refused);
    } else if (copy.state == CopyState::Behind) {
      worse(copy.error ? exit_code(copy.error->code()) : Exit::VerifyFailed);
    }
  }
  return exit;
}

Result<Exit> run_sync(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  context.out.event("run.started", JsonObject().add("verb", "target sync").add("dry_run", context.args.has("dry-run")));
  const std::vector<SyncedCopy> synced = HF_TRY(Sync(context, settings, copies).run());
  if (context.program.stop.stop_requested())
    return Error(Code::Cancelled, "interrupted").with_hint("run it again: it goes on from here");
  const Exit exit = exit_of_sync(synced);
  context.out.event("run.finished", JsonObject().add("status", exit == Exit::Done ? "done" : "failed"));
  print_copies(context.out, synced, context.args.has("dry-run"));
  if (exit != Exit::Done && exit != Exit::VerifyFailed) context.out.warn("holdfast: not every copy is up to date");
  if (context.args.has("dry-run")) context.out.print("nothing was written");
  context.out.document(
      JsonObject().add("dry_run", context.args.has("dry-run")).add("copies", copies_document(synced).json()));
  return exit;
}

}  // namespace

Verb target_sync_verb() {
  return {.name = "target sync",
          .summary = "Bring copies up to date from each other",
          .description =
              "Brings every copy, or those named, up to date from the others: keys, points, and the data that these "
              "need; nothing is overwritten, and what a copy has pruned does not come back. A target that has no "
              "repository yet is made a copy; one that was a copy before only if it is named. Where a set was backed "
              "up to two copies that could not see each other, both keep what they have and it is told. Exit code 13: "
              "a copy cannot be reached; 5: some data is damaged in every copy that has it; 7: a set has diverged.",
          .arguments = {{"NAME", "of targets (default: all)", ArgumentSpec::Count::Any}},
          .options = {{"from", "", "NAME", "only from this copy"},
                      {"dry-run", "", "", "say what would be copied; nothing is written"}},
          .examples = {"holdfast target sync", "holdfast target sync offsite --from local",
                       "holdfast target sync --dry-run -o json"},
          .run = run_sync};
}

}  // namespace hf
