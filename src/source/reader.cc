#include "source/reader.h"

#include <algorithm>

namespace hf {
namespace {

constexpr uint64_t small_bytes_max = 64 << 10;
constexpr uint64_t block_bytes = 1 << 20;

// A change within the granularity of the file system's clock after we have read leaves the times as they were. So the
// times of a file that is this young prove nothing, and are not kept for comparison.
constexpr Duration settled_after = std::chrono::seconds(2);

bool is_changed(const FileInfo& before, const FileInfo& after) {
  return before.size != after.size || before.mtime != after.mtime || before.ctime != after.ctime;
}

Error changed_type() {
  return Error(Code::Failed, "was replaced by something else before it was read");
}

}  // namespace

void FileReader::report(const std::string& path, const Error& error) {
  if (error.code() == Code::NotFound) return sink_.problem(path, "vanished before it was read");
  if (error.code() == Code::Denied) return sink_.problem(path, "permission denied");
  sink_.problem(path, error.message());
}

Result<FileInfo> FileReader::refresh(Entry& entry, File& file) {
  const WallTime now = env_.clock.wall();
  const FileInfo info = HF_TRY(file.info());
  if (info.type != FileType::File) return changed_type();
  entry.info = info;
  if (std::max(info.mtime, info.ctime) > now - settled_after) entry.info.ctime = WallTime{};
  Result<std::vector<Xattr>> xattrs = file.xattrs();
  if (xattrs.ok()) {
    entry.xattrs = std::move(xattrs).value();
  } else if (xattrs.error().code() != Code::Unsupported) {
    sink_.problem(entry.path, "its extended attributes cannot be read");
  }
  return info;
}

Status FileReader::give(Entry entry, std::stop_token stop) {
  const Result<std::unique_ptr<File>> file = base_.open_file(entry.path);
  if (!file.ok()) return report(entry.path, file.error()), Status();
  const Result<FileInfo> info = refresh(entry, *file.value());
  if (!info.ok()) return report(entry.path, info.error()), Status();
  if (entry.info.size <= small_bytes_max) return give_small(std::move(entry), info.value(), *file.value());
  return give_large(std::move(entry), info.value(), *file.value(), stop);
}

bool FileReader::is_same(File& file, const FileInfo& before) const {
  const Result<FileInfo> after = file.info();
  return after.ok() && !is_changed(before, after.value());
}

Status FileReader::give_small(Entry entry, FileInfo before, File& file) {
  Bytes content;
  for (int attempt = 0;; ++attempt) {
    const uint64_t wanted = std::min(before.size, small_bytes_max);
    // One byte more than there should be: it shows growth, whatever the times say.
    content.resize(wanted + 1);
    const Result<size_t> size = [&] {
      const StageTimer timer(env_.clock, env_.meter, Stage::Read, wanted);
      return file.read_at(0, content);
    }();
    content.resize(size.ok() ? std::min<uint64_t>(size.value(), wanted) : 0);
    if (size.ok() && size.value() == before.size && is_same(file, before)) break;
    if (size.ok() && attempt == 0) {
      Result<FileInfo> again = refresh(entry, file);
      if (again.ok()) before = std::move(again).value();
      continue;
    }
    entry.changed_while_read = true;
    sink_.problem(entry.path, size.ok() ? "changed while it was read" : "read error at offset 0");
    break;
  }
  entry.info.size = content.size();
  return sink_.file(std::move(entry), std::move(content));
}

Status FileReader::give_large(Entry entry, const FileInfo& before, File& file, std::stop_token stop) {
  HF_TRY(sink_.begin(entry.path, {.size = before.size}));
  read_error_.reset();
  const uint64_t size = HF_TRY(give_content(file, before, stop));
  entry.changed_while_read = read_error_ || size != before.size || !is_same(file, before);
  if (read_error_) {
    sink_.problem(entry.path, "read error at offset " + std::to_string(size));
  } else if (entry.changed_while_read) {
    sink_.problem(entry.path, "changed while it was read");
  }
  entry.info.size = size;
  return sink_.end(std::move(entry));
}

Result<uint64_t> FileReader::give_content(File& file, const FileInfo& info, std::stop_token stop) {
  const bool may_have_holes = info.blocks < info.size / 512;
  uint64_t at = 0;
  while (at < info.size) {
    DataRange range{at, info.size};
    if (may_have_holes) {
      const Result<DataRange> found = file.next_data(at);
      if (found.ok()) range = found.value();
      // Where holes cannot be asked for, they are read as zeros.
    }
    const uint64_t begin = std::min(range.begin, info.size);
    if (begin > at) HF_TRY(sink_.hole(begin - at));
    at = std::max(at, begin);
    const uint64_t end = std::min(range.end, info.size);
    // Only a hole was left. If it ends before the size we know, the file was cut.
    if (end <= at) break;
    const uint64_t reached = HF_TRY(give_range(file, at, end, stop));
    at = reached;
    if (at < end) break;
  }
  return at;
}

Result<uint64_t> FileReader::give_range(File& file, uint64_t begin, uint64_t end, std::stop_token stop) {
  for (uint64_t at = begin; at < end;) {
    if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
    const uint64_t wanted = std::min(block_bytes - at % block_bytes, end - at);
    Bytes block(wanted);
    Result<size_t> size = [&] {
      const StageTimer timer(env_.clock, env_.meter, Stage::Read, wanted);
      return file.read_at(at, block);
    }();
    if (!size.ok()) {
      read_error_ = std::move(size).error();
      return at;
    }
    block.resize(size.value());
    at += size.value();
    if (!block.empty()) HF_TRY(sink_.data(std::move(block)));
    if (size.value() < wanted) return at;
  }
  return end;
}

}  // namespace hf
