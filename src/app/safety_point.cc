#include "app/safety_point.h"

#include "app/choose.h"
#include "app/help.h"
#include "app/set_copies.h"
#include "backup/backup_run.h"
#include "base/text.h"

namespace hf {
namespace {

// Safety points are a set of their own: they are not the newest state of what was restored.
constexpr const char* safety_set = "before-restore";
constexpr const char* safety_tag = "safety";

Result<Point> save(Context& context, const SourceWorld& world, Repository& repository, const SafetyRequest& safety) {
  // Not the whole of its source: so it is never taken for the newest state of anything.
  BackupRequest request{.set = safety_set,
                        .sources = {},
                        .kind = std::string(kind_selected),
                        .host = context.program.host,
                        .version = program_version()};
  request.tags = {{safety_tag, safety.replaced}, {"restored-point", safety.restored.hex()}};
  request.pipeline.workers = context.program.processors;
  request.progress = [&](const BackupProgress& state) {
    context.progress.update({.doing = "safety point of " + safety.replaced, .bytes = state.capture.bytes});
  };
  std::unique_ptr<Source> source = HF_TRY(safety.kind.open(world, safety.source, safety.options));
  source->start();
  request.sources.push_back(
      {.name = safety.source, .kind = std::string(safety.kind.name), .source = std::move(source)});
  Result<BackupOutcome> outcome = run_backup(repository, std::move(request), context.program.stop);
  context.progress.clear();
  Point point = HF_TRY(std::move(outcome)).point;
  if (point.manifest.status != PointStatus::Complete)
    return Error(Code::Failed, "it is not complete: holdfast show " + shown_id(point.id));
  return point;
}

}  // namespace

Result<SafetyPoint> take_safety_point(Context& context, const Settings& settings, const Repository& opened,
                                      const SafetyRequest& request) {
  const std::string doing =
      "nothing was changed: the safety point of database " + printable(request.replaced) + " cannot be taken";
  // Opened anew: the copies at hand read from each other, and here each must say what it has itself.
  OpenCopies copies = HF_TRY(open_copies(context, settings, &opened).during(doing));
  SetCopies chosen = HF_TRY(copies_of_set(settings, copies, safety_set).during(doing));
  catch_up(context, safety_set, chosen);
  Point point = HF_TRY(save(context, source_world(context, settings), **chosen.first, request).during(doing));
  context.out.say("what is there now is safety point " + shown_id(point.id));
  std::vector<SyncedCopy> synced = copy_point(context, settings, safety_set, chosen);
  return SafetyPoint{.point = std::move(point), .copies = std::move(synced)};
}

}  // namespace hf
