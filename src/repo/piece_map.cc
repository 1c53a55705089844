#include "repo/piece_map.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t generation_slots = 512u << 10, generation_pieces = generation_slots / 2;
constexpr uint64_t look_ahead_bytes = 1u << 30;

size_t place_of(const Fingerprint& fingerprint) {
  size_t value;
  std::memcpy(&value, fingerprint.data(), sizeof value);
  return value & (generation_slots - 1);
}

}  // namespace

PieceMap::PieceMap(ChunkReader& chunks, const ContentRef& previous)
    : chunks_(chunks), content_(previous, chunks.meta_get()) {}

// What cannot be read of the previous version is not there to be referred to: no error, only less saved.
bool PieceMap::next_run() {
  if (at_end_) return false;
  Result<ExtentRun> run = content_.next();
  at_end_ = !run.ok() || run.value().empty();
  if (at_end_) return false;
  run_ = std::move(run).value();
  extent_ = 0;
  return true;
}

const PieceMap::Slot* PieceMap::lookup(const Generation& generation, const Fingerprint& fingerprint, uint32_t length) {
  if (generation.slots.empty()) return nullptr;
  for (size_t at = place_of(fingerprint);; at = (at + 1) & (generation_slots - 1)) {
    const Slot& slot = generation.slots[at];
    if (slot.chunk == 0) return nullptr;
    if (slot.fingerprint == fingerprint && slot.length == length) return &slot;
  }
}

void PieceMap::insert(const Slot& slot, const ChunkId& id) {
  if (young_.used == generation_pieces) {
    old_ = std::move(young_);
    young_ = {};
  }
  if (young_.slots.empty()) young_.slots.resize(generation_slots);
  if (young_.chunks.empty() || young_.chunks.back() != id) young_.chunks.push_back(id);
  size_t at = place_of(slot.fingerprint);
  while (young_.slots[at].chunk != 0) {
    if (young_.slots[at].fingerprint == slot.fingerprint) return;  // the first of equal pieces will do
    at = (at + 1) & (generation_slots - 1);
  }
  young_.slots[at] = slot;
  young_.slots[at].chunk = static_cast<uint32_t>(young_.chunks.size());
  ++young_.used;
}

void PieceMap::load_until(uint64_t position) {
  while (run_begin_ < position) {
    if (extent_ >= run_.extents.size() && !next_run()) return;
    if (extent_ >= run_.extents.size()) continue;
    const Extent& extent = run_.extents[extent_++];
    run_begin_ += extent.length;
    if (extent.kind != ExtentKind::Data) continue;
    const ChunkId& id = run_.ids[extent.chunk];
    const PieceTable* table = chunks_.pieces(id);
    if (table == nullptr) continue;
    uint64_t offset = 0;
    for (size_t i = 0; i < table->lengths.size(); offset += table->lengths[i], ++i) {
      const bool inside = offset >= extent.offset && offset + table->lengths[i] <= extent.offset + extent.length;
      if (inside)
        insert({.fingerprint = table->fingerprints[i],
                .offset = static_cast<uint32_t>(offset),
                .length = table->lengths[i]},
               id);
    }
  }
}

std::optional<OldPiece> PieceMap::by_content(const Fingerprint& fingerprint, uint32_t length, uint64_t position) {
  load_until(position + look_ahead_bytes);
  for (const Generation* generation : {&young_, &old_})
    if (const Slot* slot = lookup(*generation, fingerprint, length))
      return OldPiece{.chunk = generation->chunks[slot->chunk - 1], .offset = slot->offset};
  return std::nullopt;
}

std::optional<OldPiece> PieceMap::by_position(const Fingerprint& fingerprint, uint32_t length, uint64_t position) {
  for (;;) {
    if (extent_ >= run_.extents.size()) {
      if (!next_run()) return std::nullopt;
      continue;
    }
    if (position < run_begin_ + run_.extents[extent_].length) break;
    run_begin_ += run_.extents[extent_++].length;
  }
  const Extent& extent = run_.extents[extent_];
  if (position < run_begin_ || extent.kind != ExtentKind::Data) return std::nullopt;
  const ChunkId& id = run_.ids[extent.chunk];
  const PieceTable* table = chunks_.pieces(id);
  if (table == nullptr) return std::nullopt;
  const uint64_t wanted = extent.offset + (position - run_begin_);
  uint64_t offset = 0;
  size_t i = 0;
  while (i < table->lengths.size() && offset < wanted) offset += table->lengths[i++];
  const bool same = i < table->lengths.size() && offset == wanted && table->lengths[i] == length &&
                    offset + length <= extent.offset + extent.length && table->fingerprints[i] == fingerprint;
  if (!same) return std::nullopt;
  return OldPiece{.chunk = id, .offset = static_cast<uint32_t>(offset)};
}

}  // namespace hf
