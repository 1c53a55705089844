#include "pg/dump_follow.h"

#include <algorithm>

#include "pg/dump_cursor.h"

namespace hf {
namespace {

constexpr uint64_t contents_bytes_max = 1u << 30;

Error damaged(const char* what) {
  return Error(Code::Corrupt, std::string("the archive ") + what);
}

}  // namespace

Status PgDumpFollow::feed(BytesView bytes) {
  // Most of a large archive is data, which nobody needs to look at.
  const size_t passed = std::min<uint64_t>(piece_left_, bytes.size());
  piece_left_ -= passed;
  append(pending_, bytes.subspan(passed));
  const ByteRange range = range_of(pending_);
  PgDumpCursor in(range, 0);
  uint64_t done = 0;
  while (!in.is_at_end()) {
    Status stepped = step(in);
    if (!stepped.ok() && in.has_run_out()) break;
    HF_TRY(std::move(stepped));
    const uint64_t length = std::min(piece_left_, in.left());
    HF_TRY(in.skip(length));
    piece_left_ -= length;
    done = in.offset();
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
  return {};
}

// Reads one item; changes nothing if it is not all there.
Status PgDumpFollow::step(PgDumpCursor& in) {
  switch (at_) {
    case At::Head:
      minor_ = HF_TRY(read_pg_dump_head(in)).minor;
      at_ = At::Count;
      return {};
    case At::Count:
      entries_left_ = HF_TRY(in.integer());
      if (entries_left_ < 0) return damaged("has less than no entries");
      at_ = entries_left_ == 0 ? At::Block : At::Entry;
      return {};
    case At::Entry:
      return step_entry(in);
    case At::Block:
      return step_block(in);
    case At::Object:
      at_ = HF_TRY(in.integer()) == 0 ? At::Block : At::Piece;
      return {};
    case At::Piece:
      return step_piece(in);
  }
  return {};
}

Status PgDumpFollow::step_entry(PgDumpCursor& in) {
  const uint64_t begin = in.offset();
  const PgDumpEntry entry = HF_TRY(read_pg_dump_entry(in, minor_));
  contents_bytes_ += in.offset() - begin;
  if (contents_bytes_ > contents_bytes_max) return damaged("has a table of contents of more than 1 GiB");
  const bool has_data = entry.has_dumper != 0 && entry.data_state != PgDumpDataState::NoData;
  if (has_data && !has_block_.emplace(entry.dump_id, false).second) return damaged("has two entries of one number");
  if (--entries_left_ == 0) at_ = At::Block;
  return {};
}

Status PgDumpFollow::step_block(PgDumpCursor& in) {
  const uint8_t type = HF_TRY(in.byte());
  if (type != static_cast<uint8_t>(PgDumpBlock::Type::Data) &&
      type != static_cast<uint8_t>(PgDumpBlock::Type::LargeObjects))
    return damaged("has a block of an unknown type");
  const auto entry = has_block_.find(HF_TRY(in.integer()));
  if (entry == has_block_.end()) return damaged("has data that belongs to no entry");
  if (std::exchange(entry->second, true)) return damaged("has data of one entry twice");
  in_large_objects_ = type == static_cast<uint8_t>(PgDumpBlock::Type::LargeObjects);
  at_ = in_large_objects_ ? At::Object : At::Piece;
  return {};
}

Status PgDumpFollow::step_piece(PgDumpCursor& in) {
  const int64_t length = HF_TRY(in.integer());
  if (length < 0) return damaged("has a piece of data of negative length");
  piece_left_ = static_cast<uint64_t>(length);
  if (length == 0) at_ = in_large_objects_ ? At::Object : At::Block;
  return {};
}

Status PgDumpFollow::finish() const {
  if (!is_between_blocks()) return damaged("ends too early: it was cut short");
  const bool all = std::all_of(has_block_.begin(), has_block_.end(), [](const auto& entry) { return entry.second; });
  return all ? Status() : Status(damaged("lacks data of entries: it was cut short"));
}

}  // namespace hf
