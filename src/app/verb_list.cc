#include <set>

#include "app/choose.h"
#include "app/key_report.h"
#include "app/point_cache.h"
#include "app/point_text.h"
#include "app/session.h"
#include "app/table.h"
#include "app/verbs.h"
#include "backup/backup_run.h"
#include "base/text.h"
#include "keys/key_store.h"
#include "repo/copy_plan.h"

namespace hf {
namespace {

JsonObject point_document(const Point& point, const std::vector<Proof>& proofs, const Json& keys, const Json& copies) {
  const Manifest& manifest = point.manifest;
  JsonArray sources;
  for (const SourceRecord& source : manifest.sources)
    sources.add(JsonObject()
                    .add("name", source.name)
                    .add("kind", source.kind)
                    .add("status", source.complete ? "complete" : "partial")
                    .add("bytes", source.bytes)
                    .add("files", source.files));
  for (const FailedSource& failed : failed_sources(manifest)) sources.add(failure_document(failed));
  JsonObject tags;
  for (const auto& [name, value] : manifest.tags) tags.add(name, value);
  JsonObject body;
  body.add("id", point.id.hex())
      .add("set", manifest.set)
      .add("time", Json::time(manifest.started))
      .add("kind", manifest.kind)
      .add("emergency", is_emergency(manifest));
  body.add("status", name_of(manifest.status)).add("proof", proof_document(proofs)).add("sources", sources.json());
  body.add("bytes", bytes_of(manifest)).add("keys", keys).add("copies", copies);
  return body.add("sequence", manifest.sequence).add("tags", tags).add("host", manifest.host);
}

// Which copies have a point, by the name of its manifest.
class PointCopies {
 public:
  Status find(Context& context, OpenRepository& opened) {
    HF_TRY(add(*opened, opened.target.name, *opened));
    for (OpenCopy& other : opened.others) {
      const Status added = add(*opened, other.target.name, *other);
      if (!added.ok()) context.out.warn("copy " + other.target.name + " cannot be read: " + added.error().message());
    }
    return {};
  }
  std::vector<std::string> of(const Point& point) const {
    std::vector<std::string> copies;
    for (const auto& [name, manifests] : held_)
      if (manifests.contains(point.object)) copies.push_back(name);
    return copies;
  }

 private:
  Status add(Repository& repository, const std::string& name, Repository& copy) {
    held_.emplace_back(name, HF_TRY(manifests_shared(repository, copy)));
    return {};
  }
  std::vector<std::pair<std::string, std::set<std::string>>> held_;
};

Result<Exit> list_all_points(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  OpenRepository opened = HF_TRY(open_repository(context, settings));
  const bool one_set = context.args.has("set");
  PointList list = HF_TRY(list_points(*opened, one_set ? std::optional(context.args.text("set")) : std::nullopt));
  if (!one_set) remember_points(context, opened.store->describe(), list.points);
  std::stable_sort(list.points.begin(), list.points.end(),
                   [](const Point& a, const Point& b) { return a.manifest.started < b.manifest.started; });
  std::vector<std::string> keys;
  for (const EnvelopeInfo& envelope : HF_TRY(list_envelopes(*opened.store, run_deadline(context))))
    keys.push_back(envelope.id);
  PointCopies copies;
  HF_TRY(copies.find(context, opened));
  Table table({"point", "set", "time (UTC)", "status", ">size", "proof", "sources", "tags"});
  JsonArray points;
  for (const Point& point : list.points) {
    Result<std::vector<Proof>> found = list_proofs(*opened, point);
    if (!found.ok())
      context.out.warn("proofs of " + shown_id(point.id) + " cannot be read: " + found.error().message());
    const std::vector<Proof> proofs = found.ok() ? std::move(found).value() : std::vector<Proof>{};
    table.add({shown_id(point.id), printable(point.manifest.set), time_text(point.manifest.started),
               std::string(name_of(point.manifest.status)), format_bytes(bytes_of(point.manifest)), proof_text(proofs),
               sources_text(point.manifest), tags_text(point.manifest.tags)});
    points.add(point_document(point, proofs, json_list(keys), json_list(copies.of(point))));
  }
  if (!table.is_empty())
    for (const std::string& line : table.lines()) context.out.print(line);
  else if (list.unreadable.empty())
    context.out.remark("no points yet: holdfast backup makes one");
  for (const std::string& bad : list.unreadable) context.out.warn("unreadable: " + printable(bad));
  context.out.document(JsonObject().add("points", points.json()).add("unreadable", json_list(list.unreadable)));
  return list.unreadable.empty() ? Exit::Done : Exit::Failed;
}

Result<Exit> list_sets(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  const OpenRepository opened = HF_TRY(open_repository(context, settings));
  const PointList list = HF_TRY(list_points(*opened));
  std::set<std::string> names;
  for (const Point& point : list.points) names.insert(point.manifest.set);
  if (settings.config)
    for (const auto& [name, set] : settings.config->sets) names.insert(name);
  Table table({"set", ">points", "newest", "time (UTC)", ">size", "sources"});
  JsonArray sets;
  for (const std::string& name : names) {
    const Point* newest = nullptr;
    uint64_t count = 0;
    for (const Point& point : list.points) {
      if (point.manifest.set != name) continue;
      ++count;
      if (newest == nullptr || is_newer_whole(point, *newest)) newest = &point;
    }
    std::vector<std::string> members;
    if (settings.config && settings.config->sets.contains(name))
      members = settings.config->sets.find(name)->second.members;
    else if (newest != nullptr)
      for (const SourceRecord& source : newest->manifest.sources) members.push_back(source.name);
    std::string sources;
    for (const std::string& member : members) sources += (sources.empty() ? "" : " ") + printable(member);
    table.add({printable(name), format_count(count), newest == nullptr ? "-" : shown_id(newest->id),
               newest == nullptr ? "-" : time_text(newest->manifest.started),
               newest == nullptr ? "-" : format_bytes(bytes_of(newest->manifest)), sources});
    sets.add(JsonObject()
                 .add("name", name)
                 .add("points", count)
                 .add("newest", newest == nullptr ? Json() : Json(newest->id.hex()))
                 .add("time", newest == nullptr ? Json() : Json::time(newest->manifest.started))
                 .add("sources", json_list(members)));
  }
  for (const std::string& line : table.lines()) context.out.print(line);
  context.out.document(JsonObject().add("sets", sets.json()));
  return Exit::Done;
}

Result<Exit> list_targets(Context& context) {
  const Settings settings = HF_TRY(load_settings(context));
  Table table({"target", "type", "state"});
  JsonArray targets;
  for (const TargetSettings& target : settings.targets) {
    const Result<std::unique_ptr<Store>> store = open_store(context, settings, target, false);
    const bool there = store.ok() && store.value()->info("config", run_deadline(context)).ok();
    const std::string state = there ? "repository" : store.ok() ? "no repository" : "not there";
    table.add({printable(target.name), target.kind, state});
    targets.add(JsonObject().add("name", target.name).add("type", target.kind).add("state", state));
  }
  for (const std::string& line : table.lines()) context.out.print(line);
  context.out.document(JsonObject().add("targets", targets.json()));
  return Exit::Done;
}

Result<Exit> run_verb(Context& context) {
  const std::string what = context.args.text("WHAT", "points");
  if (what == "sets") return list_sets(context);
  if (what == "targets") return list_targets(context);
  if (what == "keys") return list_keys(context);
  return list_all_points(context);
}

}  // namespace

Verb list_verb() {
  return {.name = "list",
          .summary = "List points, sets, targets or keys",
          .description =
              "Lists restore points, oldest first, with their newest proof; or the sets, the targets, or the keys. All "
              "times are UTC.",
          .arguments = {{"WHAT",
                         "what to list (default: points)",
                         ArgumentSpec::Count::Optional,
                         {"points", "sets", "targets", "keys"}}},
          .options = {{"set", "", "NAME", "points: only of this set"}},
          .examples = {"holdfast list --repo /backup/repo --passphrase-file /etc/holdfast/passphrase",
                       "holdfast list points --set web -o json", "holdfast list sets"},
          .run = run_verb};
}

}  // namespace hf
