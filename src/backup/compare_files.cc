#include "backup/compare_files.h"

namespace hf {
namespace {

constexpr size_t differences_named_max = 20;
constexpr uint64_t gap_block_bytes = 1u << 20, digest_block_bytes = 1u << 20;

}  // namespace

size_t CompareFiles::add(const Entry& entry, const std::optional<ContentDigest>& digest) {
  auto made = std::make_unique<Comparing>();
  made->path = entry.path;
  made->size = entry.info.size;
  made->left = entry.info.size;
  if (root_ != nullptr) made->digest = digest;
  const size_t number = next_++;
  comparing_.with([&](auto& map) { map.emplace(number, std::move(made)); });
  return number;
}

CompareFiles::Comparing& CompareFiles::find(size_t file) {
  return *comparing_.with([&](auto& map) { return map.at(file).get(); });
}

void CompareFiles::differ(Comparing& comparing, const std::string& how) {
  {
    std::scoped_lock lock(comparing.mutex);
    if (std::exchange(comparing.differs, true)) return;  // once a file
  }
  found_.with([&](Found& found) {
    if (++found.count <= differences_named_max) found.first.push_back(printable(comparing.path) + ": " + how);
  });
}

Status CompareFiles::done(size_t file, Comparing& comparing, uint64_t length) {
  if (comparing.left.fetch_sub(length) != length) return {};
  const Status compared = comparing.digest && !comparing.differs ? compare_digest(comparing) : Status();
  comparing_.with([&](auto& map) { map.erase(file); });
  return compared.ok() ? Status() : compared.error().clone();
}

// Nobody else has the file in hand any more.
Status CompareFiles::compare_digest(Comparing& comparing) {
  if (!comparing.file) return {};
  Blake3 whole;
  Bytes block(digest_block_bytes);
  comparing.gaps.push_back({comparing.size, comparing.size});
  uint64_t at = 0;
  for (const DataRange& gap : comparing.gaps) {
    while (at < gap.begin) {
      block.resize(std::min<uint64_t>(digest_block_bytes, gap.begin - at));
      const size_t got = HF_TRY(comparing.file->read_at(at, block));
      if (got != block.size()) break;
      whole.update(block);
      at += got;
    }
    at = gap.end;
  }
  if (whole.finish() != *comparing.digest) differ(comparing, "is not as a whole what was backed up");
  return {};
}

Status CompareFiles::compare(Comparing& comparing, uint64_t offset, BytesView bytes) {
  {
    std::scoped_lock lock(comparing.mutex);
    if (comparing.differs) return {};
    if (!comparing.file) {
      Result<std::unique_ptr<File>> file = root_->open_file(comparing.path);
      if (file.ok()) comparing.file = std::move(file).value();
    }
  }
  if (!comparing.file) {
    differ(comparing, "is not there");
    return {};
  }
  Bytes there(bytes.size());
  const size_t got = HF_TRY(comparing.file->read_at(offset, there));
  if (got != bytes.size() || !equal(there, bytes))
    differ(comparing, "differs from byte " + std::to_string(offset) + " on");
  else
    bytes_equal_ += bytes.size();
  return {};
}

Status CompareFiles::bytes(size_t file, uint64_t offset, BytesView bytes) {
  Comparing& comparing = find(file);
  if (root_ == nullptr)
    bytes_equal_ += bytes.size();
  else
    HF_TRY(compare(comparing, offset, bytes));
  return done(file, comparing, bytes.size());
}

Status CompareFiles::gap(size_t file, ExtentKind, uint64_t offset, uint64_t length) {
  Comparing& comparing = find(file);
  if (comparing.digest) comparing.gaps.push_back({offset, offset + length});
  if (root_ == nullptr) {
    bytes_equal_ += length;
  } else {
    const Bytes zeros = to_bytes(std::string(std::min(length, gap_block_bytes), '\0'));
    for (uint64_t at = 0; at < length; at += gap_block_bytes)
      HF_TRY(compare(comparing, offset + at, BytesView(zeros).first(std::min(length - at, gap_block_bytes))));
  }
  return done(file, comparing, length);
}

void CompareFiles::failed(size_t file, uint64_t length, const Error& error) {
  Comparing& comparing = find(file);
  differ(comparing, "cannot be read from the repository: " + error.message());
  (void)done(file, comparing, length).ok();  // of what differs nothing more is read
}

uint64_t CompareFiles::difference_count() {
  return found_.with([](Found& found) { return found.count; });
}

std::vector<std::string> CompareFiles::differences() {
  return found_.with([](Found& found) { return found.first; });
}

}  // namespace hf
