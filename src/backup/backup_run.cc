#include "backup/backup_run.h"

#include "repo/gc_records.h"
#include "repo/mark.h"
#include "repo/session.h"

namespace hf {
namespace {

constexpr size_t undrained_chunks_max = 256u << 10;  // 20 MB of ids

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
    manifest_.started = repository.env().clock.wall();
    manifest_.epoch = repository.ring().current_epoch();
  }

  Status find_base() {
    const GcRecords gc = HF_TRY(read_gc_records(repository_));
    manifest_.gc_seen = gc.newest();
    HF_TRY(repository_.index())->exclude(gc.condemned_packs());
    for (const Point& point : HF_TRY(list_checkpoints(repository_, request_.set))) old_checkpoints_.push_back(point);
    last_point_ = HF_TRY(newest_point(repository_, request_.set));
    return {};
  }

  Status capture_all(std::stop_token stop) {
    for (NamedSource& source : request_.sources) {
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
      CaptureResult result = HF_TRY(capture(repository_, pipeline_, *source.source, std::move(options), stop));
      manifest_.bytes_read += result.bytes_read;
      manifest_.sources.push_back(std::move(result.record));
    }
    return {};
  }

  Result<BackupOutcome> commit() {
    HF_TRY(session_.check_alive());
    manifest_.finished = repository_.env().clock.wall();
    for (const SourceRecord& source : manifest_.sources)
      if (!source.complete) manifest_.status = PointStatus::Partial;
    manifest_.bytes_new = pipeline_.counts().bytes_new;
    manifest_.bytes_stored = pipeline_.counts().bytes_stored;
    BackupOutcome outcome{.point = HF_TRY(commit_point(repository_, manifest_))};
    HF_TRY(check_against_prunes(outcome.point));
    HF_TRY(
        session_.check_alive());  // only now is it sure that no prune stopped waiting before the manifest could be seen
    for (const Point& old : old_checkpoints_) (void)repository_.store().remove(old.object, repository_.deadline()).ok();
    for (const std::string& own : own_checkpoints_) (void)repository_.store().remove(own, repository_.deadline()).ok();
    const Manifest& done = outcome.point.manifest;
    outcome.took = done.finished - done.started;
    outcome.bytes_read = done.bytes_read;
    outcome.bytes_new = done.bytes_new;
    outcome.bytes_stored = done.bytes_stored;
    return outcome;
  }

 private:
  CaptureBase base_of(const std::string& source) const {
    CaptureBase base;
    const auto add = [&](const Manifest& manifest) {
      for (const SourceRecord& record : manifest.sources)
        if (record.name == source) base.trees.push_back(record.tree);
    };
    if (!old_checkpoints_.empty()) add(old_checkpoints_.back().manifest);
    if (last_point_) add(last_point_->manifest);
    return base;
  }

  bool checkpoint_due() const {
    return pipeline_.undrained_chunks() > undrained_chunks_max ||
           repository_.env().clock.mono() - last_checkpoint_ >= request_.checkpoint_every;
  }

  Status checkpoint(SourceRecord so_far) {
    HF_TRY(pipeline_.drain());
    Manifest manifest = manifest_;
    manifest.sources.push_back(std::move(so_far));
    manifest.finished = repository_.env().clock.wall();
    const uint32_t number = static_cast<uint32_t>(own_checkpoints_.size());
    own_checkpoints_.push_back(HF_TRY(commit_checkpoint(repository_, std::move(manifest), session_.id(), number)));
    last_checkpoint_ = repository_.env().clock.mono();
    return {};
  }

  // A prune that began meanwhile may have condemned what this point refers to. Its manifest stands now, so a sweep from
  // here on keeps those packs; one that was swept already took them away, and then this point must not be acknowledged.
  Status check_against_prunes(const Point& point) {
    const GcRecords gc = HF_TRY(read_gc_records(repository_));
    const std::vector<PackName> condemned = gc.condemned_packs(manifest_.gc_seen);
    if (condemned.empty()) return {};
    const std::vector<PackName> used = HF_TRY(packs_used(repository_, point.manifest, condemned));
    for (const PackName& pack : used) {
      if (is_stored(pack)) continue;
      return Error(Code::Failed, "a prune removed data that this backup had found again; its point " +
                                     point.id.hex().substr(0, 10) + " is not complete")
          .with_hint("run the backup again");
    }
    return {};
  }

  bool is_stored(const PackName& pack) {
    for (const PackKind kind : {PackKind::Data, PackKind::Meta})
      if (repository_.store().info(pack_object_name(kind, pack), repository_.deadline()).ok()) return true;
    return false;
  }

  Repository& repository_;
  BackupRequest& request_;
  Session& session_;
  Pipeline& pipeline_;
  Manifest manifest_;
  std::vector<Point> old_checkpoints_;
  std::vector<std::string> own_checkpoints_;
  std::optional<Point> last_point_;
  MonoTime last_checkpoint_;
};

}  // namespace

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
