// IndexSegment: the sorted table and its bytes (docs/FORMAT.md, "Index").
#include <algorithm>
#include <bit>

#include "repo/index.h"

namespace hf {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr size_t head_bytes = 16, pack_bytes = 48, entry_bytes = 24;
static_assert(std::endian::native == std::endian::little);

uint64_t order_of(const std::byte* prefix) {
  uint64_t value;
  std::memcpy(&value, prefix, sizeof value);
  return __builtin_bswap64(value);
}

bool before(const IndexSegment::Entry& a, const IndexSegment::Entry& b) {
  return std::memcmp(a.prefix.data(), b.prefix.data(), id_prefix_bytes) < 0;
}

}  // namespace

void IndexSegment::add(const PackInfo& pack, const std::vector<ChunkId>& ids) {
  const uint32_t number = static_cast<uint32_t>(packs.size());
  packs.push_back(pack);
  for (uint32_t i = 0; i < ids.size(); ++i) {
    Entry& entry = entries.emplace_back();
    std::memcpy(entry.prefix.data(), ids[i].bytes.data(), id_prefix_bytes);
    entry.pack = number;
    entry.ordinal = i;
  }
}

void IndexSegment::sort() {
  std::stable_sort(entries.begin(), entries.end(), before);
}

const IndexSegment::Entry* IndexSegment::find(const ChunkId& id) const {
  // Ids are uniform: the place is about order/2^64 of the table, give or take the square root of its size.
  const size_t count = entries.size();
  if (count == 0) return nullptr;
  const uint64_t wanted = order_of(id.bytes.data());
  const auto order_at = [&](size_t i) { return order_of(entries[i].prefix.data()); };
  const size_t guess = static_cast<size_t>((static_cast<Wide>(wanted) * count) >> 64);
  size_t low = guess, high = guess, step = 8;
  while (low > 0 && order_at(low) >= wanted) low -= std::min(low, step), step *= 2;
  step = 8;
  while (high < count && order_at(high) <= wanted) high += std::min(count - high, step), step *= 2;
  Entry key{};
  std::memcpy(key.prefix.data(), id.bytes.data(), id_prefix_bytes);
  const auto begin = entries.begin() + static_cast<ptrdiff_t>(low);
  const auto end = entries.begin() + static_cast<ptrdiff_t>(std::min(high + 1, count));
  const auto found = std::lower_bound(begin, end, key, before);
  return found != end && found->prefix == key.prefix ? &*found : nullptr;
}

Bytes encode_segment(const IndexSegment& segment) {
  Bytes out;
  out.reserve(head_bytes + segment.packs.size() * pack_bytes + segment.entries.size() * entry_bytes);
  append(out, as_bytes("HFIX"));
  append_le<uint32_t>(out, static_cast<uint32_t>(segment.packs.size()));
  append_le<uint32_t>(out, static_cast<uint32_t>(segment.entries.size()));
  append_le<uint32_t>(out, static_cast<uint32_t>(segment.superseded.size()));
  for (const PackInfo& pack : segment.packs) {
    append(out, pack.name.view());
    append_le<uint64_t>(out, pack.size);
    append_le<uint32_t>(out, static_cast<uint32_t>(pack.kind));
    append_le<uint32_t>(out, pack.epoch);
  }
  append(out, std::as_bytes(std::span(segment.entries)));
  for (const Sha256& name : segment.superseded) append(out, name.view());
  return out;
}

Result<IndexSegment> decode_segment(BytesView plain) {
  if (plain.size() < head_bytes || as_text(plain.first(4)) != "HFIX")
    return Error(Code::Corrupt, "not an index segment");
  const uint64_t packs = load_le<uint32_t>(plain.data() + 4), entries = load_le<uint32_t>(plain.data() + 8),
                 superseded = load_le<uint32_t>(plain.data() + 12);
  if (plain.size() != head_bytes + packs * pack_bytes + entries * entry_bytes + superseded * Sha256::size)
    return Error(Code::Corrupt, "index segment has another length than it says");
  IndexSegment segment;
  const std::byte* at = plain.data() + head_bytes;
  for (uint64_t i = 0; i < packs; ++i, at += pack_bytes) {
    PackInfo& pack = segment.packs.emplace_back();
    std::memcpy(pack.name.bytes.data(), at, PackName::size);
    pack.size = load_le<uint64_t>(at + 32);
    const uint32_t kind = load_le<uint32_t>(at + 40);
    if (kind != 1 && kind != 2) return Error(Code::Corrupt, "index segment names a pack of unknown kind");
    pack.kind = static_cast<PackKind>(kind);
    pack.epoch = load_le<uint32_t>(at + 44);
  }
  segment.entries.resize(entries);
  if (entries > 0) std::memcpy(segment.entries.data(), at, entries * entry_bytes);
  at += entries * entry_bytes;
  for (const IndexSegment::Entry& entry : segment.entries)
    if (entry.pack >= packs) return Error(Code::Corrupt, "index segment names a pack it does not list");
  if (!std::is_sorted(segment.entries.begin(), segment.entries.end(), before))
    return Error(Code::Corrupt, "index segment is not sorted");
  for (uint64_t i = 0; i < superseded; ++i, at += Sha256::size)
    segment.superseded.push_back(*Sha256::from(BytesView(at, Sha256::size)));
  return segment;
}

}  // namespace hf
