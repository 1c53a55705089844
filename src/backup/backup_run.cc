#include "backup/backup_run.h"

#include <algorithm>

#include "repo/gc_records.h"
#include "repo/prune_guard.h"
#include "repo/session.h"

namespace hf {
namespace {

constexpr size_t checkpoints_read_max = 3;  // each is read along: a leaf and a node a level

class Run {
 public:
  Run(Repository& repository, BackupRequest& request, Session& session, Pipeline& pipeline)
      : repository_(repository),
        request_(request),
        session_(session),
        pipeline_(pipeline),
        last_checkpoint_(repository.env().clock.mono()) {
    manifest_.set = request.set;
    manifest_.kind = request.kind;
    manifest_.host = request.host;
    manifest_.version = request.version;
    manifest_.tags = request.tags;
    if (request.is_emergency) mark_emergency(manifest_);
    manifest_.started = repository.env().clock.wall();
    manifest_.epoch = repository.ring().current_epoch();
  }

  Status find_base() {
    const GcRecords gc = HF_TRY(read_gc_records(repository_));
    manifest_.gc_seen = gc.newest();
    HF_TRY(repository_.index())->exclude(gc.condemned_packs());
    for (const Point& point : HF_TRY(list_checkpoints(repository_, request_.set))) old_checkpoints_.push_back(point);
    return find_last_points();
  }

  Status capture_all(std::stop_token stop) {
    for (NamedSource& source : request_.sources) {
      CaptureResult result = HF_TRY(capture_one(source, stop));
      manifest_.bytes_read += result.bytes_read;
      if (!result.failure) {
        manifest_.sources.push_back(std::move(result.record));
        continue;
      }
      if (!request_.is_emergency) return std::move(*result.failure).during("source " + source.name);
      failed_.push_back({source.name, source.kind, std::move(*result.failure)});
      add_failed(manifest_, {.name = source.name, .kind = source.kind, .why = failed_.back().error.message()});
    }
    if (manifest_.sources.empty() && !failed_.empty()) return nothing_saved();
    return {};
  }

  Result<BackupOutcome> commit() {
    HF_TRY(session_.check_alive());
    const WallTime now = repository_.env().clock.wall();
    const Duration took = now - manifest_.started;
    manifest_.finished = request_.taken.value_or(now);
    if (request_.taken) manifest_.started = *request_.taken;
    for (const SourceRecord& source : manifest_.sources)
      if (!source.complete) manifest_.status = PointStatus::Partial;
    if (!failed_sources(manifest_).empty()) {
      manifest_.status = PointStatus::Partial;
      manifest_.kind = kind_selected;
    }
    manifest_.bytes_new = pipeline_.counts().bytes_new;
    manifest_.bytes_stored = pipeline_.counts().bytes_stored;
    Point point = HF_TRY(commit_point(repository_, manifest_));
    BackupOutcome outcome{.point = std::move(point), .failed = std::move(failed_)};
    HF_TRY(expect_packs_kept(repository_, outcome.point, manifest_.gc_seen));
    HF_TRY(
        session_.check_alive());  // only now is it sure that no prune stopped waiting before the manifest could be seen
    for (const Point& old : old_checkpoints_) (void)repository_.store().remove(old.object, repository_.deadline()).ok();
    for (const std::string& own : own_checkpoints_) (void)repository_.store().remove(own, repository_.deadline()).ok();
    const Manifest& done = outcome.point.manifest;
    outcome.took = took;
    outcome.bytes_read = done.bytes_read;
    outcome.bytes_new = done.bytes_new;
    outcome.bytes_stored = done.bytes_stored;
    return outcome;
  }

 private:
  Result<CaptureResult> capture_one(NamedSource& source, const std::stop_token& stop) {
    CaptureOptions options{.name = source.name, .kind = source.kind};
    options.base = base_of(source.name);
    options.checkpoint = [this](SourceRecord so_far) { return checkpoint(std::move(so_far)); };
    options.checkpoint_due = [this] { return checkpoint_due(); };
    if (request_.progress)
      options.progress = [&](const CaptureProgress& progress) {
        request_.progress({.source = source.name,
                           .capture = progress,
                           .bytes_new = pipeline_.counts().bytes_new,
                           .bytes_stored = pipeline_.counts().bytes_stored});
      };
    const size_t checkpoints_before = checkpoints_written_;
    Result<CaptureResult> captured = capture(repository_, pipeline_, *source.source, std::move(options), stop);
    const bool is_captured = captured.ok() && !captured.value().failure;
    if (is_captured || !stop.stop_requested()) return captured;
    return interrupted(checkpoints_written_ == checkpoints_before);
  }

  Error nothing_saved() {
    Error first = std::move(failed_.front().error).during("source " + failed_.front().name);
    std::string hint = first.hint();
    for (size_t i = 1; i < failed_.size(); ++i)
      hint +=
          (hint.empty() ? "" : "; ") + ("source " + failed_[i].name) + " failed, too: " + failed_[i].error.message();
    return std::move(first).with_hint(std::move(hint));
  }

  // The newest point, and where it has only some sources those before it that have the others.
  Status find_last_points() {
    std::optional<Point> newest = HF_TRY(newest_point(repository_, request_.set));
    if (!newest) return {};
    const bool may_lack = !is_whole(newest->manifest);
    last_points_.push_back(std::move(*newest));
    if (!may_lack) return {};
    for (const NamedSource& source : request_.sources) {
      const bool is_found = std::any_of(last_points_.begin(), last_points_.end(),
                                        [&](const Point& point) { return has_source(point.manifest, source.name); });
      if (is_found) continue;
      if (std::optional<Point> other = HF_TRY(newest_point_with(repository_, request_.set, source.name)))
        last_points_.push_back(std::move(*other));
    }
    return {};
  }

  CaptureBase base_of(const std::string& source) const {
    CaptureBase base;
    const auto add = [&](const Manifest& manifest) {
      for (const SourceRecord& record : manifest.sources)
        if (record.name == source) base.trees.push_back(record.tree);
    };
    // A later try may have been interrupted earlier on its way than the one before it.
    const size_t count = std::min(old_checkpoints_.size(), checkpoints_read_max);
    for (size_t i = 0; i < count; ++i) add(old_checkpoints_[old_checkpoints_.size() - 1 - i].manifest);
    for (const Point& point : last_points_) {
      if (!has_source(point.manifest, source)) continue;
      add(point.manifest);
      break;
    }
    return base;
  }

  // What the sources before this one gave is kept, too, when this one had given nothing yet.
  Error interrupted(bool is_unkept) {
    if (is_unkept && !manifest_.sources.empty())
      if (Status kept = checkpoint(std::nullopt); !kept.ok()) return std::move(kept).error();
    Error error(Code::Cancelled, "interrupted");
    if (checkpoints_written_ == 0) return error;
    return std::move(error).with_hint("run it again: it goes on from here");
  }

  bool checkpoint_due() const {
    return pipeline_.undrained_chunks() > pending_chunks_max ||
           repository_.env().clock.mono() - last_checkpoint_ >= request_.checkpoint_every;
  }

  // Holds all that the ones of this run before it hold: they are removed.
  Status checkpoint(std::optional<SourceRecord> so_far) {
    HF_TRY(pipeline_.drain());
    Manifest manifest = manifest_;
    if (so_far) manifest.sources.push_back(std::move(*so_far));
    manifest.finished = repository_.env().clock.wall();
    const uint32_t number = static_cast<uint32_t>(checkpoints_written_);
    std::string written = HF_TRY(commit_checkpoint(repository_, std::move(manifest), session_.id(), number));
    ++checkpoints_written_;
    const std::vector<std::string> superseded = std::exchange(own_checkpoints_, {std::move(written)});
    for (const std::string& own : superseded) (void)repository_.store().remove(own, repository_.deadline()).ok();
    last_checkpoint_ = repository_.env().clock.mono();
    return {};
  }

  Repository& repository_;
  BackupRequest& request_;
  Session& session_;
  Pipeline& pipeline_;
  Manifest manifest_;
  std::vector<Point> old_checkpoints_;
  std::vector<std::string> own_checkpoints_;
  size_t checkpoints_written_ = 0;
  std::vector<Point> last_points_;
  std::vector<SourceFailure> failed_;
  MonoTime last_checkpoint_;
};

}  // namespace

bool has_source(const Manifest& manifest, const std::string& name) {
  return std::any_of(manifest.sources.begin(), manifest.sources.end(),
                     [&](const SourceRecord& source) { return source.name == name; });
}

Result<std::optional<Point>> newest_point_with(Repository& repository, const std::string& set,
                                               const std::string& source) {
  std::optional<Point> newest;
  for (Point& point : HF_TRY(list_points(repository, set)).points)
    if (has_source(point.manifest, source)) newest = std::move(point);
  return newest;
}

Result<BackupOutcome> run_backup(Repository& repository, BackupRequest request, std::stop_token stop) {
  HF_TRY(repository.signer());  // before anything is written
  Index& index = *HF_TRY(repository.index());
  const std::unique_ptr<Session> session = HF_TRY(Session::begin(repository, "backup " + request.set));
  Pipeline pipeline(repository.env(), repository.store(), repository.ring(), index, request.pipeline,
                    repository.deadline());
  Run run(repository, request, *session, pipeline);
  HF_TRY(run.find_base());
  const Status captured = run.capture_all(stop);
  const Status finished = pipeline.finish();
  // A failed stage is why the source could not go on.
  if (!finished.ok() && finished.error().code() != Code::Cancelled) return finished.error().clone();
  if (!captured.ok()) return captured.error().clone();
  if (!finished.ok()) return finished.error().clone();
  return run.commit();
}

}  // namespace hf
