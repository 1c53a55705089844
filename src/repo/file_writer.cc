#include "repo/file_writer.h"

#include "repo/format.h"

namespace hf {
namespace {

constexpr size_t deferred_max = 8192;
constexpr size_t decide_bytes = 64u << 10;

}  // namespace

Result<ContentRef> FileWriter::whole(BytesView bytes) {
  HF_ASSERT(bytes.size() <= small_file_bytes_max);
  ContentRef ref;
  if (bytes.empty()) return ref;
  const ChunkId id = HF_TRY(pipeline_.add(CutClass::Whole, bytes, {}));
  append_extent(ref.run, ExtentKind::Data, bytes.size(), &id, 0);
  return ref;
}

void FileWriter::begin(const Begin& begin) {
  begin_ = begin;
  previous_.reset();
  map_.reset();
  whole_.reset();
  reuses_ = false;
  if (begin.previous != nullptr && (begin.previous->root || !begin.previous->run.empty())) previous_ = *begin.previous;
  begin_.previous = nullptr;
  if (previous_) whole_.emplace();
  decided_ = false;
  size_ = position_ = searched_ = 0;
}

void FileWriter::decide(BytesView head) {
  decided_ = true;
  page_bytes_ = begin_.page_bytes;
  class_ =
      begin_.cut ? *begin_.cut : classify(head.first(std::min(head.size(), decide_bytes)), begin_.size, page_bytes_);
  if (class_ == CutClass::Whole) class_ = CutClass::Stream;  // came in parts: it may grow
  // What was cut one way is found again only if it is cut that way again, even if its beginning looks different now.
  if (!begin_.cut && class_ == CutClass::Stream && was_media()) class_ = CutClass::Media;
  if (previous_ && class_ != CutClass::Media)
    map_.emplace(chunks_, *previous_);
  else
    whole_.reset();
}

// The previous version was large, and no pieces of its first chunk were recorded.
bool FileWriter::was_media() {
  if (!previous_) return false;
  const Result<ExtentRun> run = ContentReader(*previous_, chunks_.meta_get()).next();
  if (!run.ok()) return false;
  for (const Extent& extent : run.value().extents)
    if (extent.kind == ExtentKind::Data)
      return extent.length > small_file_bytes_max && chunks_.pieces(run.value().ids[extent.chunk]) == nullptr;
  return false;
}

Status FileWriter::data(BytesView bytes) {
  size_ += bytes.size();
  if (whole_) whole_->update(bytes);
  if (pending_at_ > 0 && pending_at_ >= pending_.size() / 2) {
    const size_t left = pending_.size() - pending_at_;
    std::memmove(pending_.data(), pending_.data() + pending_at_, left);
    pending_.resize(left);
    pending_at_ = 0;
  }
  append(pending_, bytes);
  if (!decided_ && pending_.size() < decide_bytes) return {};
  return cut(false);
}

Status FileWriter::cut(bool is_last) {
  if (!decided_) decide(pending_);
  StageTimer timer(env_.clock, env_.meter, Stage::Cut, pending_.size() - pending_at_);
  switch (class_) {
    case CutClass::Pages:
      return cut_pages(is_last);
    case CutClass::Media:
      return cut_media(is_last);
    case CutClass::Whole:
    case CutClass::Stream:
      break;
  }
  return cut_pieces(is_last);
}

Fingerprint FileWriter::fingerprint(BytesView piece) const {
  const auto hash = blake3_keyed(ring_.piece_key(), piece);
  Fingerprint out;
  std::memcpy(out.data(), hash.data(), out.size());
  return out;
}

void FileWriter::take_piece(BytesView piece, std::optional<OldPiece> old, const Fingerprint& fingerprint) {
  reuses_ = reuses_ || old;
  Deferred next{.length = piece.size(), .old = old, .fresh_offset = static_cast<uint32_t>(fresh_.size())};
  if (!old) {
    append(fresh_, piece);
    fresh_pieces_.lengths.push_back(static_cast<uint32_t>(piece.size()));
    fresh_pieces_.fingerprints.push_back(fingerprint);
  }
  position_ += piece.size();
  pending_at_ += piece.size();
  if (!deferred_.empty() && deferred_.back().kind == ExtentKind::Data) {
    Deferred& last = deferred_.back();
    const bool both_new = !old && !last.old;
    const bool both_old =
        old && last.old && last.old->chunk == old->chunk && last.old->offset + last.length == old->offset;
    if (both_new || both_old) {
      last.length += next.length;
      return;
    }
  }
  deferred_.push_back(std::move(next));
}

Status FileWriter::cut_pieces(bool is_last) {
  for (;;) {
    const BytesView left = BytesView(pending_).subspan(pending_at_);
    if (left.empty()) return {};
    const Cut found = find_cut(ring_.gear(), left, piece_sizes, is_last);
    if (found.length == 0) return {};
    const BytesView piece = left.first(found.length);
    const Fingerprint print = fingerprint(piece);
    std::optional<OldPiece> old;
    if (map_) old = map_->by_content(print, static_cast<uint32_t>(piece.size()), position_);
    const bool is_new = !old;
    take_piece(piece, std::move(old), print);
    const bool full = is_new && ends_chunk(found.hash, fresh_.size(), stream_chunk_sizes, piece_sizes);
    if (full || deferred_.size() >= deferred_max) HF_TRY(flush());
  }
}

Status FileWriter::cut_pages(bool is_last) {
  for (;;) {
    const BytesView left = BytesView(pending_).subspan(pending_at_);
    if (left.empty() || (left.size() < page_bytes_ && !is_last)) return {};
    const BytesView page = left.first(std::min<size_t>(left.size(), page_bytes_));
    const Fingerprint print = fingerprint(page);
    std::optional<OldPiece> old;
    if (map_) old = map_->by_position(print, static_cast<uint32_t>(page.size()), position_);
    take_piece(page, std::move(old), print);
    if (fresh_.size() + page_bytes_ > page_chunk_bytes || deferred_.size() >= deferred_max) HF_TRY(flush());
  }
}

Status FileWriter::cut_media(bool is_last) {
  HF_TRY(flush());  // a hole that the file begins with
  for (;;) {
    const BytesView left = BytesView(pending_).subspan(pending_at_);
    if (left.empty()) return {};
    const Cut found = find_cut(ring_.gear(), left, media_chunk_sizes, is_last, searched_);
    searched_ = found.length == 0 ? left.size() : 0;
    if (found.length == 0) return {};
    const ChunkId id = HF_TRY(pipeline_.add(CutClass::Media, left.first(found.length), {}));
    HF_TRY(content_.add(ExtentKind::Data, found.length, &id, 0));
    pending_at_ += found.length;
    position_ += found.length;
  }
}

// New bytes become a chunk, and everything that waited for its id becomes extents.
Status FileWriter::flush() {
  std::optional<ChunkId> fresh_id;
  if (!fresh_.empty()) {
    fresh_id = HF_TRY(pipeline_.add(class_, fresh_, std::exchange(fresh_pieces_, {})));
    fresh_.clear();
  }
  for (const Deferred& next : deferred_) {
    if (next.kind != ExtentKind::Data)
      HF_TRY(content_.add(next.kind, next.length, nullptr, 0));
    else if (next.old)
      HF_TRY(content_.add(next.kind, next.length, &next.old->chunk, next.old->offset));
    else
      HF_TRY(content_.add(next.kind, next.length, &*fresh_id, next.fresh_offset));
  }
  deferred_.clear();
  return {};
}

Status FileWriter::gap(ExtentKind kind, uint64_t length) {
  if (pending_.size() > pending_at_) HF_TRY(cut(true));
  pending_.clear();
  pending_at_ = 0;
  size_ += length;
  position_ += length;
  deferred_.push_back({.kind = kind, .length = length});
  return {};
}

Result<ContentRef> FileWriter::end() {
  if (pending_.size() > pending_at_) HF_TRY(cut(true));
  pending_.clear();
  pending_at_ = 0;
  HF_TRY(flush());
  map_.reset();
  ContentRef content = HF_TRY(content_.finish());
  if (whole_ && reuses_) content.digest = whole_->finish();
  return content;
}

}  // namespace hf
