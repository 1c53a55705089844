#include "repo/index.h"

#include <algorithm>

#include "repo/pack_fetch.h"

namespace hf {

Index::Index(Env env, Store& store, const KeyRing& ring, Fs& fs, std::string cache_directory)
    : env_(env), source_{.store = store, .ring = ring, .cache = SegmentCache(env, fs, std::move(cache_directory))} {}

uint32_t Index::intern(const PackInfo& pack) {
  const auto [at, added] = pack_ordinals_.try_emplace(pack.name, static_cast<uint32_t>(packs_.size()));
  if (added) {
    packs_.push_back(pack);
    excluded_.push_back(excluded_names_.contains(pack.name));
  }
  return at->second;
}

void Index::adopt(std::unique_ptr<SegmentFile> file) {
  Loaded loaded{.file = std::move(file), .ordinals = {}};
  for (const PackInfo& pack : loaded.file->summary().packs) loaded.ordinals.push_back(intern(pack));
  segments_.push_back(std::move(loaded));
}

Status Index::load(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  std::vector<std::string> names;
  HF_TRY(source_.store.list(
      "index/",
      [&](const ObjectInfo& info) -> Status {
        names.push_back(info.name);
        return {};
      },
      deadline));
  const size_t damaged_before = damaged_.size();
  const std::unordered_set<std::string> known = [&] {
    std::unordered_set<std::string> all(segment_names_.begin(), segment_names_.end());
    all.insert(damaged_.begin(), damaged_.end());
    return all;
  }();
  for (const std::string& name : names) {
    if (known.contains(name)) continue;
    Result<std::unique_ptr<SegmentFile>> loaded = SegmentFile::load(source_, name, deadline);
    if (loaded.ok()) {
      segment_names_.push_back(name);
      adopt(std::move(loaded).value());
    } else if (loaded.error().code() == Code::Corrupt) {
      damaged_.push_back(name);
    } else if (loaded.error().code() != Code::NotFound) {  // then a prune replaced it meanwhile
      return std::move(loaded).error().during("read " + name);
    }
  }
  std::unordered_set<std::string> wanted(names.begin(), names.end());
  wanted.insert(segment_names_.begin(), segment_names_.end());
  source_.cache.keep_only(wanted);
  if (damaged_.size() > damaged_before) HF_TRY(adopt_unknown_packs(deadline));
  return {};
}

Status Index::audit(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  for (const Loaded& loaded : segments_) {
    Status status = loaded.file->audit(deadline);
    if (status.ok() || status.error().code() == Code::NotFound) continue;
    if (status.error().code() != Code::Corrupt) return std::move(status).during("read " + loaded.file->name());
    damaged_.push_back(loaded.file->name());
  }
  return {};
}

Status Index::recover(const Deadline& deadline) {
  HF_TRY(load(deadline));
  std::unique_lock lock(mutex_);
  return adopt_unknown_packs(deadline);
}

// The way out when a segment is lost: the trailers are the truth, the segments only repeat it.
Status Index::adopt_unknown_packs(const Deadline& deadline) {
  IndexSegment rebuilt;
  const auto adopt_rebuilt = [&]() -> Status {
    rebuilt.sort();
    Bytes plain = encode_segment(std::exchange(rebuilt, {}));
    adopt(HF_TRY(SegmentFile::make(source_, "", std::move(plain), deadline)));
    return {};
  };
  for (const PackKind kind : {PackKind::Data, PackKind::Meta}) {
    std::vector<ObjectInfo> found;
    HF_TRY(list_packs(source_.store, kind, found, deadline));
    for (const ObjectInfo& object : found) {
      const std::optional<PackName> name = PackName::parse(object.name.substr(object.name.rfind('/') + 1));
      if (!name || pack_ordinals_.contains(*name)) continue;
      Result<FetchedTable> table = fetch_table(source_.store, source_.ring, kind, *name, object.size, deadline);
      if (table.ok())
        rebuilt.add({*name, kind, object.size, table.value().epoch}, table.value().table.ids);
      else if (table.error().code() == Code::Corrupt)
        damaged_.push_back(object.name);
      else
        return std::move(table).error();
      if (rebuilt.entries.size() >= segment_entries_written_max) HF_TRY(adopt_rebuilt());
    }
  }
  return rebuilt.packs.empty() ? Status() : adopt_rebuilt();
}

Result<std::optional<ChunkPlace>> Index::find(PackKind kind, const ChunkId& id) const {
  std::shared_lock lock(mutex_);
  if (const auto found = pending_.find(id); found != pending_.end() && packs_[found->second.pack].kind == kind)
    return std::optional(found->second);
  for (const Loaded& loaded : segments_) {
    // The same chunk may be in several packs (two writers, or a repack): take one that counts.
    for (const SegmentEntry& entry : HF_TRY(loaded.file->find_all(id))) {
      const uint32_t pack = loaded.ordinals[entry.pack];
      if (!excluded_[pack] && packs_[pack].kind == kind) return std::optional(ChunkPlace{pack, entry.ordinal});
    }
  }
  return std::optional<ChunkPlace>();
}

Result<bool> Index::contains(PackKind kind, const ChunkId& id) const {
  return HF_TRY(find(kind, id)).has_value();
}

Result<std::vector<ChunkPlace>> Index::find_all(PackKind kind, const ChunkId& id) const {
  std::shared_lock lock(mutex_);
  std::vector<ChunkPlace> places;
  const auto take = [&](uint32_t pack, uint32_t ordinal) {
    if (!excluded_[pack] && packs_[pack].kind == kind) places.push_back({pack, ordinal});
  };
  if (const auto found = pending_.find(id); found != pending_.end()) take(found->second.pack, found->second.ordinal);
  for (const Loaded& loaded : segments_)
    for (const SegmentEntry& entry : HF_TRY(loaded.file->find_all(id)))
      take(loaded.ordinals[entry.pack], entry.ordinal);
  return places;
}

void Index::exclude(const std::vector<PackName>& packs) {
  std::unique_lock lock(mutex_);
  for (const PackName& name : packs) {
    excluded_names_.insert(name);
    if (const auto found = pack_ordinals_.find(name); found != pack_ordinals_.end()) excluded_[found->second] = true;
  }
}

void Index::admit(const std::vector<PackName>& packs) {
  std::unique_lock lock(mutex_);
  for (const PackName& name : packs) {
    excluded_names_.erase(name);
    if (const auto found = pack_ordinals_.find(name); found != pack_ordinals_.end()) excluded_[found->second] = false;
  }
}

bool Index::is_excluded(const PackName& pack) const {
  std::shared_lock lock(mutex_);
  return excluded_names_.contains(pack);
}

PackInfo Index::pack(uint32_t ordinal) const {
  std::shared_lock lock(mutex_);
  return packs_.at(ordinal);
}

std::vector<PackInfo> Index::packs() const {
  std::shared_lock lock(mutex_);
  return packs_;
}

size_t Index::chunk_count() const {
  std::shared_lock lock(mutex_);
  size_t count = pending_.size();
  for (const Loaded& loaded : segments_) count += loaded.file->summary().entries;
  return count;
}

size_t Index::pending_chunks() const {
  std::shared_lock lock(mutex_);
  return pending_segment_.entries.size();
}

size_t Index::memory_bytes() const {
  std::shared_lock lock(mutex_);
  size_t bytes = 0;
  for (const Loaded& loaded : segments_) bytes += loaded.file->memory_bytes();
  return bytes;
}

std::vector<uint32_t> Index::chunk_counts() const {
  std::shared_lock lock(mutex_);
  std::vector<uint32_t> counts(packs_.size(), 0);
  const auto take = [&](uint32_t pack, uint32_t count) { counts[pack] = std::max(counts[pack], count); };
  for (const auto& [id, place] : pending_) take(place.pack, place.ordinal + 1);
  for (const Loaded& loaded : segments_) {
    const std::vector<uint32_t>& own = loaded.file->summary().chunk_counts;
    for (size_t i = 0; i < own.size(); ++i) take(loaded.ordinals[i], own[i]);
  }
  return counts;
}

void Index::add(const PackInfo& pack, const std::vector<ChunkId>& ids) {
  std::unique_lock lock(mutex_);
  const uint32_t ordinal = intern(pack);
  for (uint32_t i = 0; i < ids.size(); ++i) pending_.emplace(ids[i], ChunkPlace{ordinal, i});
  pending_segment_.add(pack, ids);
}

Result<std::unique_ptr<SegmentFile>> Index::write_segment(int level, Bytes plain, const Deadline& deadline) {
  Bytes box = source_.ring.seal_box("index", plain, env_.entropy);
  std::string name = "index/" + std::to_string(level) + "-" + to_hex(blake3(box));
  HF_TRY(source_.store.put(name, box, Durable::Now, deadline).during("write index"));
  box = Bytes();
  return SegmentFile::make(source_, std::move(name), std::move(plain), deadline);
}

Status Index::write_pending(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  if (pending_segment_.packs.empty()) return {};
  pending_segment_.sort();
  std::unique_ptr<SegmentFile> written = HF_TRY(write_segment(0, encode_segment(pending_segment_), deadline));
  segment_names_.push_back(written->name());
  adopt(std::move(written));
  pending_segment_ = {};
  pending_.clear();
  return {};
}

// What each new segment takes of which old one. A pack is never divided: whoever finds it in a segment takes what is
// there of it for all.
std::vector<std::vector<Index::Part>> Index::plan_rewrite(const std::vector<PackName>& dropped) const {
  const std::unordered_set<PackName, IdHash> gone(dropped.begin(), dropped.end());
  std::unordered_set<PackName, IdHash> done;
  std::vector<std::vector<Part>> plan;
  uint64_t room = 0;
  for (const Loaded& loaded : segments_) {
    const SegmentSummary& summary = loaded.file->summary();
    for (uint32_t number = 0; number < summary.packs.size(); ++number) {
      const PackName& name = summary.packs[number].name;
      if (gone.contains(name) || !done.insert(name).second) continue;
      if (plan.empty() || summary.chunk_counts[number] > room) {
        plan.emplace_back();
        room = segment_entries_written_max;
      }
      std::vector<Part>& parts = plan.back();
      if (parts.empty() || parts.back().segment != loaded.file.get()) parts.push_back({loaded.file.get(), {}});
      parts.back().packs.push_back(number);
      room -= std::min<uint64_t>(room, summary.chunk_counts[number]);
    }
  }
  return plan;
}

Result<Bytes> Index::merge(const std::vector<Part>& parts) {
  IndexSegment merged;
  size_t entries = 0;
  for (const Part& part : parts)
    for (const uint32_t pack : part.packs) entries += part.segment->summary().chunk_counts[pack];
  merged.entries.reserve(entries);
  for (const Part& part : parts) {
    std::vector<uint32_t> number(part.segment->summary().packs.size(), UINT32_MAX);
    for (const uint32_t pack : part.packs) {
      number[pack] = static_cast<uint32_t>(merged.packs.size());
      merged.packs.push_back(part.segment->summary().packs[pack]);
    }
    HF_TRY(part.segment->each([&](SegmentEntry entry) {
      if (number[entry.pack] == UINT32_MAX) return;
      entry.pack = number[entry.pack];
      merged.entries.push_back(entry);
    }));
  }
  merged.sort();
  return encode_segment(merged);
}

Result<std::vector<std::string>> Index::rewrite(const std::vector<PackName>& dropped, const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  HF_ASSERT(pending_segment_.packs.empty());
  std::vector<std::unique_ptr<SegmentFile>> written;
  for (const std::vector<Part>& parts : plan_rewrite(dropped)) {
    Bytes plain = HF_TRY(merge(parts));
    written.push_back(HF_TRY(write_segment(1, std::move(plain), deadline)));
  }
  std::vector<std::string> old = std::exchange(segment_names_, {});
  for (const std::string& name : damaged_)
    if (name.starts_with("index/") && std::find(old.begin(), old.end(), name) == old.end()) old.push_back(name);
  std::erase_if(damaged_, [](const std::string& name) { return name.starts_with("index/"); });
  segments_.clear();
  for (std::unique_ptr<SegmentFile>& segment : written) {
    segment_names_.push_back(segment->name());
    adopt(std::move(segment));
  }
  return old;
}

}  // namespace hf
