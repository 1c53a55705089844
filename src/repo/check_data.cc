// The packs' bytes: of a share of the packs every record is opened.
#include <algorithm>
#include <atomic>

#include "base/text.h"
#include "repo/check_parts.h"

namespace hf {
namespace {

struct Chosen {
  PackName name;
  StoredPack pack;
  std::array<std::byte, 32> order;
};

// Another order every day, so that a small share comes round to every pack in time.
std::vector<Chosen> choose_packs(const CheckState& state) {
  std::vector<Chosen> chosen;
  uint64_t total = 0;
  const uint64_t day = static_cast<uint64_t>(state.repository.env().clock.wall().time_since_epoch() / one_day);
  for (const auto& [name, pack] : state.packs) {
    Bytes key = to_bytes(name.view());
    append_le<uint64_t>(key, day);
    chosen.push_back({.name = name, .pack = pack, .order = blake3(key)});
    total += pack.size;
  }
  std::sort(chosen.begin(), chosen.end(), [](const Chosen& a, const Chosen& b) { return a.order < b.order; });
  const double wanted = static_cast<double>(total) * std::clamp(state.request.read_data, 0.0, 1.0);
  uint64_t bytes = 0;
  size_t count = 0;
  while (count < chosen.size() && static_cast<double>(bytes) < wanted) bytes += chosen[count++].pack.size;
  chosen.resize(count);
  return chosen;
}

struct Read {
  uint64_t bytes = 0;
  std::map<PackName, BrokenPack> broken;
  PackSet whole;
};

}  // namespace

Result<std::optional<BrokenPack>> read_pack(Repository& repository, const PackName& name, const StoredPack& pack) {
  const std::string object = pack_object_name(pack.kind, name);
  const Result<Bytes> bytes = get_whole(repository.store(), object, pack_bytes_max, repository.deadline());
  BrokenPack broken{.kind = pack.kind, .found_by_reading = true};
  if (bytes.ok()) {
    std::optional<Remains> remains = inspect_pack(repository.ring(), pack.kind, name, bytes.value());
    if (!remains) return std::optional<BrokenPack>();
    broken.remains = std::move(*remains);
    return std::optional(std::move(broken));
  }
  if (is_about_store(bytes.error())) return bytes.error().clone();
  if (bytes.error().code() == Code::NotFound) return std::optional<BrokenPack>();
  broken.remains.what = bytes.error().message();
  return std::optional(std::move(broken));
}

Status check_data(CheckState& state) {
  const std::vector<Chosen> chosen = choose_packs(state);
  uint64_t total = 0;
  for (const Chosen& pack : chosen) total += pack.pack.size;
  std::atomic<size_t> next{0};
  Guarded<Read> read;
  TaskGroup tasks;
  for (unsigned worker = 0; worker < std::max(state.request.workers, 1u); ++worker) {
    tasks.start("check", [&](std::stop_token failed) -> Status {
      for (size_t i = next++; i < chosen.size(); i = next++) {
        if (state.stop.stop_requested() || failed.stop_requested()) return Error(Code::Cancelled, "asked to stop");
        std::optional<BrokenPack> broken = HF_TRY(read_pack(state.repository, chosen[i].name, chosen[i].pack));
        read.with([&](Read& all) {
          if (broken)
            all.broken.emplace(chosen[i].name, std::move(*broken));
          else
            all.whole.insert(chosen[i].name);
          all.bytes += chosen[i].pack.size;
          if (state.request.progress) state.request.progress(all.bytes, total);
        });
      }
      return {};
    });
  }
  HF_TRY(tasks.join());
  state.outcome.packs_read = chosen.size();
  state.outcome.bytes_read = total;
  read.with([&](Read& all) {
    state.broken.merge(all.broken);
    state.whole = std::move(all.whole);
  });
  return {};
}

}  // namespace hf
