#include "repo/segment_cache.h"

namespace hf {
namespace {

constexpr unsigned files_held_max = 128;  // of the 1024 that a process usually may have; the others are opened to read
constexpr std::string_view temporary_prefix = ".new-";
constexpr Duration temporary_age_max = std::chrono::hours(24);
constexpr size_t name_bytes_max = 200;

// Names come from the store: only those that are files' names here have a file.
Result<std::string> file_of(const std::string& segment) {
  const std::string name = segment.substr(segment.find('/') + 1);
  if (name.empty() || name.size() > name_bytes_max || name.front() == '.' || name.find('/') != name.npos)
    return Error(Code::Invalid, segment + " has no place in the cache");
  return name;
}

}  // namespace

Result<Directory*> SegmentCache::directory() {
  if (directory_.empty()) return Error(Code::Unsupported, "there is no cache on this machine");
  std::scoped_lock lock(mutex_);
  if (!opened_) opened_ = HF_TRY(fs_.create_directories(directory_, 0700));
  return opened_.get();
}

std::unique_ptr<SegmentBytes> SegmentCache::hold(Directory& directory, const std::string& name,
                                                 std::unique_ptr<File> file, uint64_t size) {
  if (held_++ < files_held_max) return std::make_unique<SegmentBytes>(std::move(file), size, &held_);
  --held_;
  return std::make_unique<SegmentBytes>(directory, name, size);
}

Result<SegmentCache::Kept> SegmentCache::open(const std::string& segment) {
  const std::string name = HF_TRY(file_of(segment));
  Directory* const parent = HF_TRY(directory());
  std::unique_ptr<File> file = HF_TRY(parent->open_file(name));
  const FileInfo info = HF_TRY(file->info());
  Kept kept;
  if (info.type != FileType::File || info.size < kept.mac.size() || info.size > segment_bytes_max)
    return Error(Code::Corrupt, "not a cached segment");
  const uint64_t size = info.size - kept.mac.size();
  if (HF_TRY(file->read_at(size, kept.mac)) != kept.mac.size()) return Error(Code::Corrupt, "not a cached segment");
  kept.bytes = hold(*parent, name, std::move(file), size);
  return kept;
}

Result<std::unique_ptr<File>> SegmentCache::write(Directory& directory, const std::string& name, BytesView plain,
                                                  BytesView mac) {
  std::unique_ptr<File> file = HF_TRY(directory.create_file(name, 0600));
  HF_TRY(file->write_at(0, plain));
  HF_TRY(file->write_at(plain.size(), mac));
  return file;
}

Result<std::unique_ptr<SegmentBytes>> SegmentCache::try_keep(const std::string& segment, BytesView plain,
                                                             BytesView mac) {
  const std::string name = segment.empty() ? "" : HF_TRY(file_of(segment));
  Directory* const parent = HF_TRY(directory());
  const std::string temporary = std::string(temporary_prefix) + to_hex(env_.entropy.bytes(16));
  Result<std::unique_ptr<File>> written = write(*parent, temporary, plain, mac);
  Status named;
  if (written.ok()) named = name.empty() ? parent->remove(temporary) : parent->rename(temporary, name);
  if (!written.ok() || !named.ok()) {
    static_cast<void>(parent->remove(temporary).ok());
    return written.ok() ? std::move(named).error() : std::move(written).error();
  }
  if (name.empty()) return std::make_unique<SegmentBytes>(std::move(written).value(), plain.size(), nullptr);
  return hold(*parent, name, std::move(written).value(), plain.size());
}

std::unique_ptr<SegmentBytes> SegmentCache::keep(const std::string& segment, Bytes plain, const SegmentMac& mac) {
  Result<std::unique_ptr<SegmentBytes>> kept = try_keep(segment, plain, mac);
  return kept.ok() ? std::move(kept).value() : std::make_unique<SegmentBytes>(std::move(plain));
}

std::unique_ptr<SegmentBytes> SegmentCache::keep_unnamed(Bytes plain) {
  return keep("", std::move(plain), {});
}

void SegmentCache::remove(const std::string& segment) {
  const Result<std::string> name = file_of(segment);
  const Result<Directory*> parent = directory();
  if (name.ok() && parent.ok()) static_cast<void>(parent.value()->remove(name.value()).ok());
}

void SegmentCache::keep_only(const std::unordered_set<std::string>& segments) {
  std::unordered_set<std::string> wanted;
  for (const std::string& segment : segments)
    if (const Result<std::string> name = file_of(segment); name.ok()) wanted.insert(name.value());
  const Result<Directory*> parent = directory();
  if (!parent.ok()) return;
  const Result<std::vector<DirectoryEntry>> entries = parent.value()->entries();
  if (!entries.ok()) return;
  for (const DirectoryEntry& entry : entries.value()) {
    if (wanted.contains(entry.name)) continue;
    if (entry.name.starts_with(temporary_prefix)) {  // perhaps another process is writing it
      const Result<FileInfo> info = parent.value()->info(entry.name);
      if (!info.ok() || env_.clock.wall() - info.value().mtime < temporary_age_max) continue;
    }
    static_cast<void>(parent.value()->remove(entry.name).ok());
  }
}

}  // namespace hf
