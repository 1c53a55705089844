#include "repo/index.h"

#include "repo/pack_fetch.h"

namespace hf {
namespace {

constexpr size_t segment_entries_max = 4u << 20;

}  // namespace

uint32_t Index::intern(const PackInfo& pack) {
  const auto [at, added] = pack_ordinals_.try_emplace(pack.name, static_cast<uint32_t>(packs_.size()));
  if (added) {
    packs_.push_back(pack);
    excluded_.push_back(excluded_names_.contains(pack.name));
  }
  return at->second;
}

void Index::adopt(IndexSegment segment) {
  Loaded loaded{.segment = std::move(segment), .ordinals = {}};
  for (const PackInfo& pack : loaded.segment.packs) loaded.ordinals.push_back(intern(pack));
  segments_.push_back(std::move(loaded));
}

Status Index::load_segment(const std::string& name, const Deadline& deadline) {
  const Bytes box = HF_TRY(get_whole(store_, name, size_t{256} << 20, deadline));
  const Bytes plain = HF_TRY(ring_.open_box("index", box));
  adopt(HF_TRY(decode_segment(plain)));
  return {};
}

Status Index::load(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  std::vector<std::string> names;
  HF_TRY(store_.list(
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
    Status status = load_segment(name, deadline);
    if (status.ok())
      segment_names_.push_back(name);
    else if (status.error().code() == Code::NotFound)
      continue;  // a prune replaced it meanwhile
    else if (status.error().code() == Code::Corrupt)
      damaged_.push_back(name);
    else
      return std::move(status).during("read " + name);
  }
  if (damaged_.size() > damaged_before) HF_TRY(adopt_unknown_packs(deadline));
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
  for (const PackKind kind : {PackKind::Data, PackKind::Meta}) {
    std::vector<ObjectInfo> found;
    HF_TRY(list_packs(store_, kind, found, deadline));
    for (const ObjectInfo& object : found) {
      const std::optional<PackName> name = PackName::parse(object.name.substr(object.name.rfind('/') + 1));
      if (!name || pack_ordinals_.contains(*name)) continue;
      Result<FetchedTable> table = fetch_table(store_, ring_, kind, *name, object.size, deadline);
      if (table.ok())
        rebuilt.add({*name, kind, object.size, table.value().epoch}, table.value().table.ids);
      else if (table.error().code() == Code::Corrupt)
        damaged_.push_back(object.name);
      else
        return std::move(table).error();
    }
  }
  rebuilt.sort();
  adopt(std::move(rebuilt));
  return {};
}

std::optional<ChunkPlace> Index::find(PackKind kind, const ChunkId& id) const {
  std::shared_lock lock(mutex_);
  if (const auto found = pending_.find(id); found != pending_.end() && packs_[found->second.pack].kind == kind)
    return found->second;
  for (const Loaded& loaded : segments_) {
    const IndexSegment::Entry* entry = loaded.segment.find(id);
    if (entry == nullptr) continue;
    // The same chunk may be in several packs (two writers, or a repack): take one that counts.
    const IndexSegment::Entry* end = loaded.segment.entries.data() + loaded.segment.entries.size();
    for (const auto prefix = entry->prefix; entry != end && entry->prefix == prefix; ++entry) {
      const uint32_t pack = loaded.ordinals[entry->pack];
      if (!excluded_[pack] && packs_[pack].kind == kind) return ChunkPlace{pack, entry->ordinal};
    }
  }
  return std::nullopt;
}

std::vector<ChunkPlace> Index::find_all(PackKind kind, const ChunkId& id) const {
  std::shared_lock lock(mutex_);
  std::vector<ChunkPlace> places;
  const auto take = [&](uint32_t pack, uint32_t ordinal) {
    if (!excluded_[pack] && packs_[pack].kind == kind) places.push_back({pack, ordinal});
  };
  if (const auto found = pending_.find(id); found != pending_.end()) take(found->second.pack, found->second.ordinal);
  for (const Loaded& loaded : segments_) {
    const IndexSegment::Entry* entry = loaded.segment.find(id);
    if (entry == nullptr) continue;
    const IndexSegment::Entry* end = loaded.segment.entries.data() + loaded.segment.entries.size();
    for (const auto prefix = entry->prefix; entry != end && entry->prefix == prefix; ++entry)
      take(loaded.ordinals[entry->pack], entry->ordinal);
  }
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

bool Index::has_excluded() const {
  std::shared_lock lock(mutex_);
  return !excluded_names_.empty();
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
  for (const Loaded& loaded : segments_) count += loaded.segment.entries.size();
  return count;
}

std::vector<uint32_t> Index::chunk_counts() const {
  std::shared_lock lock(mutex_);
  std::vector<uint32_t> counts(packs_.size(), 0);
  const auto take = [&](uint32_t pack, uint32_t ordinal) { counts[pack] = std::max(counts[pack], ordinal + 1); };
  for (const auto& [id, place] : pending_) take(place.pack, place.ordinal);
  for (const Loaded& loaded : segments_)
    for (const IndexSegment::Entry& entry : loaded.segment.entries) take(loaded.ordinals[entry.pack], entry.ordinal);
  return counts;
}

void Index::add(const PackInfo& pack, const std::vector<ChunkId>& ids) {
  std::unique_lock lock(mutex_);
  const uint32_t ordinal = intern(pack);
  for (uint32_t i = 0; i < ids.size(); ++i) pending_.emplace(ids[i], ChunkPlace{ordinal, i});
  pending_segment_.add(pack, ids);
}

Status Index::write_segment(int level, const IndexSegment& segment, const Deadline& deadline) {
  const Bytes box = ring_.seal_box("index", encode_segment(segment), env_.entropy);
  const std::string name = "index/" + std::to_string(level) + "-" + to_hex(blake3(box));
  HF_TRY(store_.put(name, box, Durable::Now, deadline).during("write index"));
  segment_names_.push_back(name);
  return {};
}

Status Index::write_pending(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  if (pending_segment_.packs.empty()) return {};
  pending_segment_.sort();
  HF_TRY(write_segment(0, pending_segment_, deadline));
  adopt(std::exchange(pending_segment_, {}));
  pending_.clear();
  return {};
}

Result<std::vector<std::string>> Index::rewrite(const std::vector<PackName>& dropped, const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  HF_ASSERT(pending_segment_.packs.empty());
  const std::unordered_set<PackName, IdHash> gone(dropped.begin(), dropped.end());
  std::unordered_set<PackName, IdHash> done;
  std::vector<std::string> old = std::exchange(segment_names_, {});
  old.insert(old.end(), damaged_.begin(), damaged_.end());
  std::erase_if(old, [](const std::string& name) { return !name.starts_with("index/"); });
  IndexSegment merged;
  std::vector<IndexSegment> written;
  const auto write_merged = [&]() -> Status {
    if (merged.packs.empty()) return {};
    merged.sort();
    HF_TRY(write_segment(1, merged, deadline));
    written.push_back(std::exchange(merged, {}));
    return {};
  };
  for (const Loaded& loaded : segments_) {
    // Packs of this segment that stay and were not in one before, with their entries.
    std::vector<uint32_t> number(loaded.segment.packs.size(), UINT32_MAX);
    for (size_t p = 0; p < number.size(); ++p) {
      const PackInfo& pack = loaded.segment.packs[p];
      if (gone.contains(pack.name) || !done.insert(pack.name).second) continue;
      number[p] = static_cast<uint32_t>(merged.packs.size());
      merged.packs.push_back(pack);
    }
    for (IndexSegment::Entry entry : loaded.segment.entries) {
      if (number[entry.pack] == UINT32_MAX) continue;
      entry.pack = number[entry.pack];
      merged.entries.push_back(entry);
    }
    if (merged.entries.size() >= segment_entries_max) HF_TRY(write_merged());
  }
  HF_TRY(write_merged());
  segments_.clear();
  for (IndexSegment& segment : written) adopt(std::move(segment));
  std::erase_if(damaged_, [](const std::string& name) { return name.starts_with("index/"); });
  std::erase_if(old, [&](const std::string& name) {
    return std::find(segment_names_.begin(), segment_names_.end(), name) != segment_names_.end();
  });
  return old;
}

}  // namespace hf
