// Spool: bytes put aside on disk, in a file that has no name: whatever becomes of this process, nothing is left.
#pragma once

#include <memory>

#include "base/byte_range.h"
#include "base/entropy.h"
#include "sys/fs.h"

namespace hf {

class Spool {
 public:
  // In the existing directory `scratch`.
  static Result<Spool> make(Fs& fs, Entropy& entropy, const std::string& scratch);

  uint64_t size() const { return size_; }
  Status add(BytesView bytes);
  // Room for `length` bytes of which some may stay holes; where it begins.
  uint64_t reserve(uint64_t length);
  Status write_at(uint64_t offset, BytesView bytes) { return file_->write_at(offset, bytes); }
  // Good as long as this is, and wherever it is moved to. Bytes never written read as zeros.
  ByteRange range(uint64_t offset, uint64_t length) const;
  ByteRange all() const { return range(0, size_); }

 private:
  explicit Spool(std::unique_ptr<File> file) : file_(std::move(file)) {}
  std::unique_ptr<File> file_;
  uint64_t size_ = 0;
};

// A file as a range; it must outlive that.
Result<ByteRange> range_of(File& file);

}  // namespace hf
