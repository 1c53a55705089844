#include "repo/segment_scan.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t read_bytes = 1u << 20;
constexpr uint32_t ordinals_max = trailer_bytes_max / ChunkId::size;

void derive(const Key32& cache_key, std::string_view purpose, std::string_view name, WipedKey& key) {
  key.bytes = blake3_keyed(cache_key, as_bytes(std::string(purpose) + std::string(name)));
}

}  // namespace

SegmentKeys::SegmentKeys(const Key32& cache_key, std::string_view name) {
  derive(cache_key, "index block ", name, block_);
  derive(cache_key, "index segment ", name, whole_);
}

uint64_t SegmentKeys::tag(BytesView block) const {
  const std::array<std::byte, 32> hash = blake3_keyed(block_.bytes, block);
  return load_le<uint64_t>(hash.data());
}

size_t SegmentSummary::memory_bytes() const {
  return packs.size() * (sizeof(PackInfo) + sizeof(uint32_t)) + (fence.size() + tags.size()) * sizeof(uint64_t) +
         filter.memory_bytes();
}

class SegmentScan {
 public:
  SegmentScan(const SegmentBytes& bytes, const SegmentKeys& keys)
      : bytes_(bytes), keys_(keys), mac_(keys.whole_.bytes) {}

  Result<SegmentSummary> run() {
    HF_TRY(read_head());
    for (uint64_t i = 0; i < packs_; ++i) HF_TRY(read_pack());
    summary_.chunk_counts.resize(packs_);
    summary_.filter = IdFilter(summary_.entries);
    summary_.fence.reserve((summary_.entries + block_entries - 1) / block_entries);
    summary_.tags.reserve(summary_.fence.capacity());
    std::array<SegmentEntry, block_entries> block;
    for (uint64_t done = 0; done < summary_.entries; done += block_entries)
      HF_TRY(read_block(std::span(block).first(std::min<uint64_t>(block_entries, summary_.entries - done))));
    for (uint64_t i = 0; i < superseded_; ++i) HF_TRY(read_superseded());
    summary_.mac = mac_.finish();
    return std::move(summary_);
  }

 private:
  Status next(BytesSpan out) {
    while (!out.empty()) {
      if (used_ == ahead_.size()) {
        ahead_.resize(std::min<uint64_t>(read_bytes, bytes_.size() - offset_));
        if (ahead_.empty()) return Error(Code::Corrupt, "a segment of the index ends too early");
        HF_TRY(bytes_.read(offset_, ahead_));
        offset_ += ahead_.size();
        used_ = 0;
      }
      const size_t part = std::min(out.size(), ahead_.size() - used_);
      std::memcpy(out.data(), ahead_.data() + used_, part);
      used_ += part;
      out = out.subspan(part);
    }
    return {};
  }

  Status read_head() {
    std::array<std::byte, segment_head_bytes> head;
    if (bytes_.size() < head.size()) return Error(Code::Corrupt, "not an index segment");
    HF_TRY(next(head));
    mac_.update(head);
    if (as_text(BytesView(head).first(4)) != "HFIX") return Error(Code::Corrupt, "not an index segment");
    packs_ = load_le<uint32_t>(head.data() + 4);
    summary_.entries = load_le<uint32_t>(head.data() + 8);
    superseded_ = load_le<uint32_t>(head.data() + 12);
    if (bytes_.size() != segment_head_bytes + packs_ * segment_pack_bytes + summary_.entries * segment_entry_bytes +
                             superseded_ * Sha256::size)
      return Error(Code::Corrupt, "index segment has another length than it says");
    return {};
  }

  Status read_pack() {
    std::array<std::byte, segment_pack_bytes> raw;
    HF_TRY(next(raw));
    mac_.update(raw);
    PackInfo& pack = summary_.packs.emplace_back();
    std::memcpy(pack.name.bytes.data(), raw.data(), PackName::size);
    pack.size = load_le<uint64_t>(raw.data() + 32);
    const uint32_t kind = load_le<uint32_t>(raw.data() + 40);
    if (kind != 1 && kind != 2) return Error(Code::Corrupt, "index segment names a pack of unknown kind");
    pack.kind = static_cast<PackKind>(kind);
    pack.epoch = load_le<uint32_t>(raw.data() + 44);
    return {};
  }

  Status read_block(std::span<SegmentEntry> block) {
    HF_TRY(next(std::as_writable_bytes(block)));
    const std::array<std::byte, 32> hash = blake3_keyed(keys_.block_.bytes, std::as_bytes(block));
    mac_.update(hash);
    summary_.tags.push_back(load_le<uint64_t>(hash.data()));
    summary_.fence.push_back(order_of(block.front().prefix.data()));
    if (has_last_ && is_before(block.front(), last_)) return Error(Code::Corrupt, "index segment is not sorted");
    if (!std::is_sorted(block.begin(), block.end(), is_before))
      return Error(Code::Corrupt, "index segment is not sorted");
    last_ = block.back();
    has_last_ = true;
    for (const SegmentEntry& entry : block) {
      if (entry.pack >= packs_) return Error(Code::Corrupt, "index segment names a pack it does not list");
      if (entry.ordinal >= ordinals_max)
        return Error(Code::Corrupt, "index segment names a chunk that no pack can hold");
      uint32_t& count = summary_.chunk_counts[entry.pack];
      count = std::max(count, entry.ordinal + 1);
      summary_.filter.add(entry.prefix.data());
    }
    return {};
  }

  Status read_superseded() {
    Sha256 name;
    HF_TRY(next(name.bytes));
    mac_.update(name.view());
    return {};
  }

  const SegmentBytes& bytes_;
  const SegmentKeys& keys_;
  Blake3 mac_;
  Bytes ahead_;
  size_t used_ = 0;
  uint64_t offset_ = 0, packs_ = 0, superseded_ = 0;
  SegmentEntry last_{};
  bool has_last_ = false;
  SegmentSummary summary_;
};

Result<SegmentSummary> scan_segment(const SegmentBytes& bytes, const SegmentKeys& keys) {
  return SegmentScan(bytes, keys).run();
}

}  // namespace hf
