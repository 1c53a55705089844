#include "sys/posix_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "sys/posix_xattrs.h"

namespace hf {
namespace {

// off_t is signed: an offset beyond it is nobody's file.
constexpr uint64_t offset_max = INT64_MAX;

class PosixFile final : public File {
 public:
  PosixFile(Fd fd, std::string_view path) : fd_(std::move(fd)), path_(path) {}

  Result<size_t> read_at(uint64_t offset, BytesSpan out) override {
    size_t done = 0;
    while (done < out.size() && offset + done <= offset_max) {
      const ssize_t got = retry_interrupted(
          [&] { return pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done)); });
      if (got < 0) return failed("read");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Status write_at(uint64_t offset, BytesView bytes) override {
    if (offset > offset_max || bytes.size() > offset_max - offset) return system_error(EFBIG, "write", path_);
    while (!bytes.empty()) {
      const ssize_t put =
          retry_interrupted([&] { return pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (put < 0) return failed("write");
      if (put == 0) return system_error(EIO, "write", path_);
      offset += static_cast<size_t>(put);
      bytes = bytes.subspan(static_cast<size_t>(put));
    }
    return {};
  }

  Status truncate(uint64_t size) override {
    if (size > offset_max) return system_error(EFBIG, "truncate", path_);
    if (retry_interrupted([&] { return ftruncate(fd_.get(), static_cast<off_t>(size)); }) < 0)
      return failed("truncate");
    return {};
  }

  Status allocate(uint64_t offset, uint64_t length) override {
    if (length == 0) return {};
    if (offset > offset_max || length > offset_max - offset) return system_error(EFBIG, "allocate", path_);
    const auto call = [&] { return fallocate(fd_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(length)); };
    if (retry_interrupted(call) < 0) return failed("allocate");
    return {};
  }

  Result<FileInfo> info() override { return info_at(fd_.get(), "", path_); }

  Result<DataRange> next_data(uint64_t offset) override {
    if (offset > offset_max) return system_error(EFBIG, "find data in", path_);
    const off_t begin = lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (begin < 0 && errno != ENXIO && errno != EINVAL) return failed("find data in");
    if (begin < 0) {
      const bool is_past_data = errno == ENXIO;
      const uint64_t size = HF_TRY(info()).size;
      // A file system that does not know holes has data everywhere.
      return DataRange{is_past_data ? size : std::min(offset, size), size};
    }
    const off_t end = lseek(fd_.get(), begin, SEEK_HOLE);
    if (end < 0 && errno == ENXIO) {  // cut short between the two calls
      const uint64_t size = HF_TRY(info()).size;
      return DataRange{size, size};
    }
    if (end < 0) return failed("find a hole in");
    return DataRange{static_cast<uint64_t>(begin), static_cast<uint64_t>(end)};
  }

  Status sync() override {
    if (retry_interrupted([&] { return fsync(fd_.get()); }) < 0) return failed("sync");
    return {};
  }

  void start_writeback() override { sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE); }

  Result<std::vector<Xattr>> xattrs() override { return xattrs_of_fd(fd_.get(), path_); }

 private:
  Error failed(std::string_view doing) const { return system_error(errno, doing, path_); }

  const Fd fd_;
  const std::string path_;
};

}  // namespace

std::unique_ptr<File> make_posix_file(Fd fd, std::string_view path) {
  return std::make_unique<PosixFile>(std::move(fd), path);
}

}  // namespace hf
