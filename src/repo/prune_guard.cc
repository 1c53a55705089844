#include "repo/prune_guard.h"

#include "repo/gc_records.h"
#include "repo/mark.h"

namespace hf {
namespace {

// NotFound if it is gone; Corrupt if it is damaged. Few packs come here: those that were condemned while the writer ran
// and hold the only copy of something.
Status expect_whole(Repository& repository, const PackName& pack) {
  for (const PackKind kind : {PackKind::Data, PackKind::Meta}) {
    const Result<Bytes> bytes =
        get_whole(repository.store(), pack_object_name(kind, pack), pack_bytes_max, repository.deadline());
    if (!bytes.ok() && bytes.error().code() == Code::NotFound) continue;
    if (!bytes.ok()) return bytes.error().clone();
    HF_TRY(verify_pack(repository.ring(), kind, pack, bytes.value()));
    return {};
  }
  return Error(Code::NotFound, "pack " + pack.hex() + " is gone");
}

}  // namespace

Status expect_packs_kept(Repository& repository, const Point& point, uint32_t gc_seen) {
  const GcRecords gc = HF_TRY(read_gc_records(repository));
  const std::vector<PackName> condemned = gc.condemned_packs(gc_seen);
  if (condemned.empty()) return {};
  Index& index = *HF_TRY(repository.index());
  HF_TRY(index.load(repository.deadline()));  // with what was copied out of them
  const std::vector<PackName> used = HF_TRY(packs_used(repository, point.manifest, condemned));
  for (const PackName& pack : used) {
    const Status whole = expect_whole(repository, pack);
    if (whole.ok()) continue;
    const Code code = whole.error().code();
    if (code != Code::NotFound && code != Code::Corrupt) return whole.error().clone();
    const std::string why = code == Code::NotFound ? "a prune removed data that this backup had found again"
                                                   : "data that this backup had found again turned out to be damaged";
    return Error(Code::Failed, why + "; its point " + short_id(point.id) + " is not complete")
        .with_hint("run the backup again");
  }
  return {};
}

}  // namespace hf
