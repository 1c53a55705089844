#include "repo/gc_records.h"

#include <algorithm>
#include <charconv>

namespace hf {
namespace {

constexpr int record_tries_max = 100;

std::string gc_object(uint32_t number, std::string_view phase) {
  std::string digits = std::to_string(number);
  if (digits.size() < 8) digits.insert(0, 8 - digits.size(), '0');
  return "gc/" + digits + "." + std::string(phase);
}

Result<SignedBody> read_record(Repository& repository, SignedKind kind, const std::string& object) {
  const Bytes bytes = HF_TRY(get_whole(repository.store(), object, small_object_bytes_max, repository.deadline()));
  return open_signed(repository.ring(), repository.signers(), kind, object, bytes);
}

// 0: not the name of a condemned record.
uint32_t condemned_number(const std::string& object) {
  uint32_t number = 0;
  if (!object.starts_with("gc/") || !object.ends_with(".condemned")) return 0;
  std::from_chars(object.data() + 3, object.data() + object.size(), number);
  return object == condemned_object(number) ? number : 0;
}

}  // namespace

std::string condemned_object(uint32_t number) {
  return gc_object(number, "condemned");
}
std::string swept_object(uint32_t number) {
  return gc_object(number, "swept");
}

std::vector<PackName> GcRecords::condemned_packs(uint32_t after) const {
  std::vector<PackName> packs;
  for (const GcRecord& record : records) {
    if (record.number <= after) continue;
    std::unordered_set<PackName, IdHash> back;
    if (record.swept) back.insert(record.swept->resurrected.begin(), record.swept->resurrected.end());
    for (const PackName& pack : record.condemned.packs)
      if (!back.contains(pack)) packs.push_back(pack);
  }
  return packs;
}

Result<uint32_t> newest_gc_record(Repository& repository) {
  uint32_t newest = 0;
  HF_TRY(repository.store().list(
      "gc/",
      [&](const ObjectInfo& info) -> Status {
        newest = std::max(newest, condemned_number(info.name));
        return {};
      },
      repository.deadline()));
  return newest;
}

Result<GcRecords> read_gc_records(Repository& repository) {
  std::vector<ObjectInfo> found;
  HF_TRY(repository.store().list(
      "gc/",
      [&](const ObjectInfo& info) -> Status {
        found.push_back(info);
        return {};
      },
      repository.deadline()));
  GcRecords gc;
  for (const ObjectInfo& info : found) {
    if (!info.name.ends_with(".condemned")) continue;
    const uint32_t number = condemned_number(info.name);
    if (number == 0) return Error(Code::Corrupt, info.name + " is no gc record");
    const SignedBody body = HF_TRY(read_record(repository, SignedKind::Condemned, info.name));
    GcRecord record{.number = number, .stored = info.modified, .condemned = HF_TRY(decode_condemned(body.body))};
    const std::string swept = swept_object(number);
    if (std::any_of(found.begin(), found.end(), [&](const ObjectInfo& other) { return other.name == swept; })) {
      const SignedBody end = HF_TRY(read_record(repository, SignedKind::Swept, swept));
      record.swept = HF_TRY(decode_swept(end.body));
    }
    for (const Forgotten& forgotten : record.condemned.manifests) gc.forgotten.insert(forgotten.name);
    gc.forgotten.insert(record.condemned.checkpoints.begin(), record.condemned.checkpoints.end());
    gc.records.push_back(std::move(record));
  }
  std::sort(gc.records.begin(), gc.records.end(),
            [](const GcRecord& a, const GcRecord& b) { return a.number < b.number; });
  return gc;
}

Result<std::string> write_condemned(Repository& repository, Condemned record, uint32_t newest) {
  const Signer* signer = HF_TRY(repository.signer());
  std::sort(record.packs.begin(), record.packs.end());
  record.time = HF_TRY(repository.store().now(repository.deadline()));
  for (int tries = 0; tries < record_tries_max; ++tries) {
    const std::string name = condemned_object(++newest);
    const Bytes object = HF_TRY(make_signed(repository.ring(), *signer, SignedKind::Condemned, name, {}, encode(record),
                                            repository.env().entropy));
    const Status put = repository.store().put(name, object, Durable::Now, repository.deadline());
    if (put.ok()) return name;
    if (put.error().code() != Code::Exists) return put.error().clone().during("record what is condemned");
  }
  return Error(Code::Held, "other prunes were always faster").with_hint("try again later");
}

}  // namespace hf
