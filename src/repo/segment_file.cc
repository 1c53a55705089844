#include "repo/segment_file.h"

#include <algorithm>

namespace hf {

SegmentFile::SegmentFile(SegmentSource& source, std::string name, const Deadline& deadline)
    : source_(source),
      name_(std::move(name)),
      keys_(source.ring.cache_key(), name_),
      deadline_(deadline),
      owner_(source.blocks.new_owner()) {}

Result<std::unique_ptr<SegmentFile>> SegmentFile::load(SegmentSource& source, std::string name,
                                                       const Deadline& deadline) {
  auto made = std::unique_ptr<SegmentFile>(new SegmentFile(source, name, deadline));
  if (Result<SegmentCache::Kept> kept = source.cache.open(name); kept.ok()) {
    Result<SegmentSummary> summary = scan_segment(*kept.value().bytes, made->keys_);
    if (summary.ok() && equal_secret(summary.value().mac, kept.value().mac)) {
      made->summary_ = std::move(summary).value();
      made->bytes_ = std::move(kept).value().bytes;
      made->is_from_cache_ = true;
      return made;
    }
    source.cache.remove(name);
  }
  Bytes plain = HF_TRY(made->fetch(deadline));
  return make(source, std::move(name), std::move(plain), deadline);
}

Result<std::unique_ptr<SegmentFile>> SegmentFile::make(SegmentSource& source, std::string name, Bytes plain,
                                                       const Deadline& deadline) {
  auto made = std::unique_ptr<SegmentFile>(new SegmentFile(source, std::move(name), deadline));
  SegmentBytes bytes(std::move(plain));
  made->summary_ = HF_TRY(scan_segment(bytes, made->keys_));
  made->bytes_ = made->name_.empty()
                     ? source.cache.keep_unnamed(std::move(bytes).take_memory())
                     : source.cache.keep(made->name_, std::move(bytes).take_memory(), made->summary_.mac);
  return made;
}

size_t SegmentFile::memory_bytes() const {
  return summary_.memory_bytes() + bytes().memory_bytes();
}

const SegmentBytes& SegmentFile::bytes() const {
  std::scoped_lock lock(mutex_);
  return fetched_ ? *fetched_ : *bytes_;
}

Result<Bytes> SegmentFile::fetch(const Deadline& deadline) const {
  const Bytes box = HF_TRY(get_whole(source_.store, name_, segment_bytes_max, deadline));
  return source_.ring.open_box("index", box);
}

Status SegmentFile::audit(const Deadline& deadline) const {
  if (!is_from_cache_) return {};
  const SegmentBytes bytes(HF_TRY(fetch(deadline)));
  const SegmentSummary stored = HF_TRY(scan_segment(bytes, keys_));
  if (!equal_secret(stored.mac, summary_.mac)) return Error(Code::Corrupt, name_ + " is not what it was");
  return {};
}

std::span<SegmentEntry> SegmentFile::part_of(size_t number, BlockCache::Block& block) const {
  return std::span(block).first(std::min<uint64_t>(block_entries, summary_.entries - number * block_entries));
}

bool SegmentFile::is_block(size_t number, const SegmentBytes& bytes, std::span<SegmentEntry> block) const {
  const BytesSpan raw = std::as_writable_bytes(block);
  return bytes.read(summary_.entries_offset() + number * block_bytes, raw).ok() &&
         keys_.tag(raw) == summary_.tags[number];
}

Status SegmentFile::read_block(size_t number, BlockCache::Block& block) const {
  const std::span<SegmentEntry> part = part_of(number, block);
  if (is_block(number, bytes(), part) || is_block(number, *HF_TRY(fetch_again()), part)) return {};
  return Error(Code::Failed, name_ + " changed in this machine's memory").with_hint("test the machine's memory");
}

// Into memory: a disk that changed what was written to it is not asked a second time.
Result<const SegmentBytes*> SegmentFile::fetch_again() const {
  std::scoped_lock lock(mutex_);
  if (fetched_) return fetched_.get();  // another thread was first
  const Error lost = Error(Code::Failed, "the index in the cache directory of this machine cannot be read any more")
                         .with_hint("run the command again");
  if (name_.empty()) return lost.clone();
  source_.cache.remove(name_);
  Result<Bytes> plain = fetch(deadline_);
  if (!plain.ok()) {
    const bool is_gone = plain.error().code() == Code::NotFound || plain.error().code() == Code::Corrupt;
    return is_gone ? lost.clone().during("read " + name_) : std::move(plain).error().during("read " + name_);
  }
  auto fresh = std::make_unique<SegmentBytes>(std::move(plain).value());
  const Result<SegmentSummary> scanned = scan_segment(*fresh, keys_);
  if (!scanned.ok() || !equal_secret(scanned.value().mac, summary_.mac)) return lost.clone().during("read " + name_);
  fetched_ = std::move(fresh);
  return fetched_.get();
}

Result<std::vector<SegmentEntry>> SegmentFile::find_all(const ChunkId& id) const {
  std::vector<SegmentEntry> found;
  const std::byte* const prefix = id.bytes.data();
  if (!summary_.filter.may_hold(prefix)) return found;
  const uint64_t wanted = order_of(prefix);
  const std::vector<uint64_t>& fence = summary_.fence;
  // Entries of one order may begin in the block before the first one that begins with it.
  size_t number = static_cast<size_t>(std::lower_bound(fence.begin(), fence.end(), wanted) - fence.begin());
  if (number > 0) --number;
  SegmentEntry key{};
  std::memcpy(key.prefix.data(), prefix, id_prefix_bytes);
  for (; number < fence.size() && fence[number] <= wanted; ++number) {
    const auto fill = [&](BlockCache::Block& block) { return read_block(number, block); };
    const auto use = [&](const BlockCache::Block& block) {
      const auto end = block.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(
                                           block_entries, summary_.entries - number * block_entries));
      const auto [first, last] = std::equal_range(block.begin(), end, key, is_before);
      found.insert(found.end(), first, last);
    };
    HF_TRY(source_.blocks.with(owner_, static_cast<uint32_t>(number), fill, use));
  }
  return found;
}

Status SegmentFile::each(const std::function<void(const SegmentEntry&)>& visit) const {
  BlockCache::Block block;
  for (size_t number = 0; number < summary_.tags.size(); ++number) {
    HF_TRY(read_block(number, block));
    for (const SegmentEntry& entry : part_of(number, block)) visit(entry);
  }
  return {};
}

}  // namespace hf
