#include "backup/compare_files.h"

namespace hf {
namespace {

constexpr size_t differences_named_max = 20;
constexpr uint64_t gap_block_bytes = 1u << 20;

}  // namespace

size_t CompareFiles::add(const Entry& entry) {
  auto made = std::make_unique<Comparing>();
  made->path = entry.path;
  made->left = entry.info.size;
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

void CompareFiles::done(size_t file, Comparing& comparing, uint64_t length) {
  if (comparing.left.fetch_sub(length) == length) comparing_.with([&](auto& map) { map.erase(file); });
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
  done(file, comparing, bytes.size());
  return {};
}

Status CompareFiles::gap(size_t file, ExtentKind, uint64_t offset, uint64_t length) {
  Comparing& comparing = find(file);
  if (root_ == nullptr) {
    bytes_equal_ += length;
  } else {
    const Bytes zeros = to_bytes(std::string(std::min(length, gap_block_bytes), '\0'));
    for (uint64_t at = 0; at < length; at += gap_block_bytes)
      HF_TRY(compare(comparing, offset + at, BytesView(zeros).first(std::min(length - at, gap_block_bytes))));
  }
  done(file, comparing, length);
  return {};
}

void CompareFiles::failed(size_t file, uint64_t length, const Error& error) {
  Comparing& comparing = find(file);
  differ(comparing, "cannot be read from the repository: " + error.message());
  done(file, comparing, length);
}

uint64_t CompareFiles::difference_count() {
  return found_.with([](Found& found) { return found.count; });
}

std::vector<std::string> CompareFiles::differences() {
  return found_.with([](Found& found) { return found.first; });
}

}  // namespace hf
