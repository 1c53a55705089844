#include "app/backup_rehearsal.h"

#include <algorithm>

#include "app/backup_report.h"
#include "app/choose.h"
#include "app/dry_backup.h"
#include "app/point_text.h"
#include "base/text.h"

namespace hf {
namespace {

// In an emergency a source that fails is told, and no error: nothing if this one is found to.
Result<std::optional<DrySource>> look_at(Context& context, Repository& repository, const SetPlan& plan, size_t at,
                                         const Point* base, JsonArray& sources) {
  const PlannedSource& planned = plan.planned[at];
  Source& source = *plan.sources[at].source;
  std::optional<Error> failure;
  if (plan.is_emergency)
    for (const SourceFinding& finding : source.examine(context.program.stop))
      if (finding.state == SourceFinding::State::Bad && !failure)
        failure = Error(Code::Failed, finding.message).with_hint(finding.hint);
  if (!failure) {
    Result<DrySource> looked = dry_backup(repository, planned, source, base, context.program.stop);
    if (looked.ok()) return std::optional(std::move(looked).value());
    if (!plan.is_emergency || looked.error().code() == Code::Cancelled) return std::move(looked).error();
    failure = std::move(looked).error();
  }
  context.out.print("  " + printable(planned.name) + " (" + planned.kind + "): would fail, and be left out");
  print_failure(context.out, planned.name, *failure);
  sources.add(failure_document({.name = planned.name, .kind = planned.kind, .why = failure->message()}));
  return std::optional<DrySource>();
}

void show(Context& context, const DrySource& source, JsonArray& sources) {
  std::string line = "  " + printable(source.name) + " (" + source.kind + "): ";
  if (source.entries > 0)
    line += format_count(source.files) + " files, " + format_bytes(source.bytes) + "; would read " +
            format_count(source.files_to_read) + " files, " + format_bytes(source.bytes_to_read);
  context.out.print(line + (source.remark.empty() ? "" : (source.entries > 0 ? "; " : "") + printable(source.remark)));
  print_problems(context.out, source.name, source.problems, source.problems.size());
  sources.add(JsonObject()
                  .add("name", source.name)
                  .add("kind", source.kind)
                  .add("files", source.files)
                  .add("bytes", source.bytes)
                  .add("files_to_read", source.files_to_read)
                  .add("bytes_to_read", source.bytes_to_read)
                  .add("problems", problems_document(source.problems, context.out.is_verbose()).json()));
}

}  // namespace

Result<JsonObject> rehearse_backup(Context& context, Repository& repository, SetPlan& plan) {
  std::optional<Point> base = HF_TRY(newest_point(repository, plan.set));
  JsonArray sources;
  uint64_t bytes = 0;
  for (size_t i = 0; i < plan.sources.size(); ++i) {
    if (base && !has_source(base->manifest, plan.planned[i].name))
      base = HF_TRY(newest_point_with(repository, plan.set, plan.planned[i].name));
    const std::optional<DrySource> source =
        HF_TRY(look_at(context, repository, plan, i, base ? &*base : nullptr, sources));
    if (!source) continue;
    bytes += source->bytes_to_read;
    show(context, *source, sources);
  }
  context.out.print("set " + printable(plan.set) + (plan.is_selected ? ", only the sources above" : "") +
                    ": would read " + format_bytes(bytes) + (base ? ", against point " + shown_id(base->id) : "") +
                    "; nothing was written");
  return JsonObject()
      .add("dry_run", true)
      .add("set", plan.set)
      .add("emergency", plan.is_emergency)
      .add("base", base ? Json(base->id.hex()) : Json())
      .add("bytes_to_read", bytes)
      .add("sources", sources.json());
}

}  // namespace hf
