// target list, check, usage: what the copies are and how they are.
#include <algorithm>

#include "app/choose.h"
#include "app/copy_sync.h"
#include "app/point_text.h"
#include "app/table.h"
#include "app/target_check.h"
#include "app/verbs.h"
#include "backup/backup_run.h"
#include "base/text.h"
#include "repo/copy_plan.h"
#include "sys/entry.h"

namespace hf {
namespace {

std::string labels_text(const Labels& labels) {
  std::string text;
  for (const std::string& label : {labels.provider, labels.account, labels.region})
    if (!label.empty()) text += (text.empty() ? "" : " ") + printable(label);
  return text.empty() ? "-" : text;
}

JsonObject target_document(const TargetSettings& target) {
  return JsonObject()
      .add("name", target.name)
      .add("type", target.kind)
      .add("labels", JsonObject()
                         .add("provider", target.labels.provider)
                         .add("account", target.labels.account)
                         .add("region", target.labels.region));
}

// Every point of every copy, and where it is.
struct Holdings {
  std::map<std::string, std::set<std::string>> points;  // copy → digests of manifests
  std::map<std::string, Point> all;                     // by digest
};

Result<Holdings> find_holdings(OpenCopies& copies) {
  Holdings holdings;
  for (OpenCopy& copy : copies.open) {
    std::set<std::string>& held = holdings.points[copy.target.name];
    for (Point& point : HF_TRY(list_points(*copy).during("copy " + copy.target.name)).points) {
      held.insert(point.digest.hex());
      holdings.all.emplace(point.digest.hex(), std::move(point));
    }
  }
  return holdings;
}

struct Lag {
  uint64_t points = 0;  // that another copy has, and this one should
  std::optional<WallTime> since;
};

// What a copy has forgotten by its own rules it does not lack.
Result<Lag> lag_of(const Settings& settings, const Holdings& holdings, OpenCopy& copy) {
  std::set<std::string> but;
  if (settings.config)
    for (const std::string& set : sets_not_in(*settings.config, copy.target.name)) but.insert(set);
  const GcRecords gc = HF_TRY(read_gc_records(*copy));
  const std::set<std::string>& held = holdings.points.at(copy.target.name);
  Lag lag;
  for (const auto& [digest, point] : holdings.all) {
    if (held.contains(digest) || but.contains(point.manifest.set) || gc.is_forgotten(point.object)) continue;
    ++lag.points;
    if (!lag.since || point.manifest.finished < *lag.since) lag.since = point.manifest.finished;
  }
  return lag;
}

struct ListedTarget {
  std::vector<std::string> cells;
  JsonObject document;
  bool is_behind = false;
};

Result<ListedTarget> list_open(Context& context, const Settings& settings, const Holdings& holdings, OpenCopy& copy) {
  const WallTime now = context.program.clock.wall();
  const Lag lag = HF_TRY(lag_of(settings, holdings, copy));
  const std::set<std::string>& held = holdings.points.at(copy.target.name);
  const Point* newest = nullptr;
  for (const std::string& digest : held) {
    const Point& point = holdings.all.at(digest);
    if (newest == nullptr || is_newer_whole(point, *newest)) newest = &point;
  }
  const std::string state = lag.points == 0 ? "up to date" : "lags by " + format_count(lag.points, "point", "points");
  ListedTarget listed{.is_behind = lag.points > 0};
  listed.cells = {printable(copy.target.name),
                  printable(copy.store->describe()),
                  labels_text(copy.target.labels),
                  format_count(held.size()),
                  newest == nullptr ? "-" : time_text(newest->manifest.started),
                  lag.since ? format_duration(now - *lag.since) : "-",
                  state};
  listed.document = target_document(copy.target);
  listed.document.add("place", copy.store->describe())
      .add("reachable", true)
      .add("state", lag.points == 0 ? "complete" : "behind")
      .add("points", held.size());
  listed.document.add("newest", newest == nullptr ? Json() : Json(newest->id.hex()))
      .add("newest_time", newest == nullptr ? Json() : Json::time(newest->manifest.started))
      .add("points_missing", lag.points)
      .add("lag_seconds", lag.since ? Json::seconds(now - *lag.since) : Json());
  return listed;
}

void print_warnings(Out& out, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) out.warn("warning: " + warning);
}

Result<Exit> run_list(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  OpenCopies copies = HF_TRY(open_copies(context, settings));
  const Holdings holdings = HF_TRY(find_holdings(copies));
  Table table({"target", "place", "labels", ">points", "newest (UTC)", ">lag", "state"});
  JsonArray targets;
  bool is_behind = false;
  for (OpenCopy& copy : copies.open) {
    ListedTarget listed = HF_TRY(list_open(context, settings, holdings, copy));
    table.add(std::move(listed.cells));
    targets.add(listed.document);
    is_behind = is_behind || listed.is_behind;
  }
  for (const ClosedCopy& closed : copies.closed) {
    const std::string state = closed.is_blank ? "no repository" : "unreachable";
    table.add(
        {printable(closed.target.name), closed.target.kind, labels_text(closed.target.labels), "-", "-", "-", state});
    targets.add(target_document(closed.target)
                    .add("reachable", false)
                    .add("state", state)
                    .add("message", closed.error.message()));
  }
  for (const std::string& line : table.lines()) context.out.print(line);
  const std::vector<std::string> warnings =
      settings.has_copies ? policy_domain_warnings(context.program.fs, *settings.config) : std::vector<std::string>();
  print_warnings(context.out, warnings);
  if (is_behind) context.out.remark("hint: holdfast target sync");
  context.out.document(JsonObject().add("targets", targets.json()).add("warnings", json_list(warnings)));
  return Exit::Done;
}

Result<std::vector<const TargetSettings*>> named_targets(Context& context, const Settings& settings) {
  std::vector<const TargetSettings*> chosen;
  const std::vector<std::string> names = context.args.all("NAME");
  for (const TargetSettings& target : settings.targets)
    if (names.empty() || std::find(names.begin(), names.end(), target.name) != names.end()) chosen.push_back(&target);
  for (const std::string& name : names)
    if (std::none_of(chosen.begin(), chosen.end(), [&](const TargetSettings* target) { return target->name == name; }))
      return Error(Code::NotFound, "the configuration has no target " + printable(name))
          .with_hint("holdfast target list shows them");
  return chosen;
}

Result<Exit> run_check(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  Table table({"target", "type", "labels", "state", ">clock", ">free"});
  JsonArray targets;
  Exit exit = Exit::Done;
  std::vector<std::string> lines;
  for (const TargetSettings* target : HF_TRY(named_targets(context, settings))) {
    const TargetCheck check = check_target(context, settings, *target);
    if (exit == Exit::Done) exit = check.exit;
    const std::string state = check.error ? "failed" : "passed";
    table.add({printable(target->name), target->kind, labels_text(target->labels), state,
               check.clock_difference ? format_duration(*check.clock_difference) : "-",
               check.space_free ? format_bytes(*check.space_free) : "-"});
    targets.add(
        target_document(*target)
            .add("status", state)
            .add("message", check.error ? check.error->message() : "")
            .add("hint", check.error ? check.error->hint() : "")
            .add("clock_difference_seconds", check.clock_difference ? Json::seconds(*check.clock_difference) : Json())
            .add("space_free", check.space_free ? Json(*check.space_free) : Json()));
    if (!check.error) continue;
    lines.push_back("target " + target->name + ": " + printable(check.error->message()));
    if (!check.error->hint().empty()) lines.push_back("hint: " + check.error->hint());
  }
  for (const std::string& line : table.lines()) context.out.print(line);
  for (const std::string& line : lines) context.out.warn(line);
  if (exit != Exit::Done) context.out.warn("holdfast: not every target can be used");
  const std::vector<std::string> warnings =
      settings.has_copies ? policy_domain_warnings(context.program.fs, *settings.config) : std::vector<std::string>();
  print_warnings(context.out, warnings);
  context.out.document(JsonObject().add("targets", targets.json()).add("warnings", json_list(warnings)));
  return exit;
}

Result<Exit> run_usage(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  Table table({"target", "objects of", ">number", ">size"});
  JsonArray targets;
  Exit exit = Exit::Done;
  for (const TargetSettings* target : HF_TRY(named_targets(context, settings))) {
    std::map<std::string, std::pair<uint64_t, uint64_t>> classes;
    const Result<std::unique_ptr<Store>> store = open_store(context, settings, *target, false);
    const Status listed = store.ok() ? store.value()->list(
                                           "",
                                           [&](const ObjectInfo& info) -> Status {
                                             auto& [number, bytes] = classes[info.name.substr(0, info.name.find('/'))];
                                             ++number;
                                             bytes += info.size;
                                             return {};
                                           },
                                           run_deadline(context))
                                     : store.error().clone();
    if (!listed.ok()) {
      context.out.warn("holdfast: target " + target->name + " cannot be reached: " + listed.error().message());
      targets.add(target_document(*target).add("reachable", false).add("message", listed.error().message()));
      exit = Exit::Unreachable;
      continue;
    }
    JsonArray of_classes;
    uint64_t objects = 0, total = 0;
    for (const auto& [name, sum] : classes) {
      table.add({printable(target->name), printable(name), format_count(sum.first), format_bytes(sum.second)});
      of_classes.add(JsonObject().add("class", name).add("objects", sum.first).add("bytes", sum.second));
      objects += sum.first;
      total += sum.second;
    }
    table.add({printable(target->name), "all", format_count(objects), format_bytes(total)});
    targets.add(target_document(*target)
                    .add("reachable", true)
                    .add("objects", objects)
                    .add("bytes", total)
                    .add("classes", of_classes.json()));
  }
  for (const std::string& line : table.lines()) context.out.print(line);
  context.out.document(JsonObject().add("targets", targets.json()));
  return exit;
}

}  // namespace

std::vector<Verb> target_verbs() {
  std::vector<Verb> verbs;
  verbs.push_back({.name = "target list",
                   .summary = "List the copies: where they are, what they hold, how far they lag",
                   .description = "Lists every target with its labels, how many points it holds, and how many and how "
                                  "old are those that another copy has and it lacks. Warns where all copies of a "
                                  "policy share a provider, an account, a region or a file system.",
                   .arguments = {},
                   .options = {},
                   .examples = {"holdfast target list", "holdfast target list -c /etc/holdfast/holdfast.yaml",
                                "holdfast target list -o json"},
                   .run = run_list});
  verbs.push_back(
      {.name = "target check",
       .summary = "Try each target: write, read, delete, clock, space",
       .description = "Writes, reads and deletes an object of no meaning in each target, and compares its "
                      "clock with this machine's. Needs no key. Exit codes: 13: one cannot be reached, or "
                      "is not there; 10: it has no repository; 12: there are no credentials for it; 1: it refuses.",
       .arguments = {{"NAME", "of targets (default: all)", ArgumentSpec::Count::Any}},
       .options = {},
       .examples = {"holdfast target check", "holdfast target check offsite", "holdfast target check -o json"},
       .run = run_check});
  verbs.push_back(
      {.name = "target usage",
       .summary = "How much each target holds, by class of objects",
       .description = "Adds up the objects of each target: data, metadata, index, points and the rest. Needs "
                      "no key.",
       .arguments = {{"NAME", "of targets (default: all)", ArgumentSpec::Count::Any}},
       .options = {},
       .examples = {"holdfast target usage", "holdfast target usage offsite", "holdfast target usage -o json"},
       .run = run_usage});
  return verbs;
}

}  // namespace hf
