// SegmentBytes: where a decoded segment's bytes are: in a file of this machine's cache, or in memory.
//
// The file is read, not mapped: one that is cut short while it is in use is an error here, and would be a signal there
// (docs/decisions/0007). Safe to use from several threads.
#pragma once

#include <atomic>
#include <memory>

#include "sys/fs.h"

namespace hf {

class SegmentBytes {
 public:
  explicit SegmentBytes(Bytes memory) : size_(memory.size()), memory_(std::move(memory)) {}
  ~SegmentBytes() {
    if (held_ != nullptr) --*held_;
  }
  SegmentBytes(const SegmentBytes&) = delete;
  SegmentBytes& operator=(const SegmentBytes&) = delete;
  // The first `size` bytes of a file that stays open: what happens to its name does not matter. `held` was counted up
  // for it, and is counted down when it is closed.
  SegmentBytes(std::unique_ptr<File> file, uint64_t size, std::atomic<unsigned>* held)
      : size_(size), file_(std::move(file)), held_(held) {}
  // Opened for every read.
  SegmentBytes(Directory& directory, std::string name, uint64_t size)
      : size_(size), directory_(&directory), name_(std::move(name)) {}

  uint64_t size() const { return size_; }
  size_t memory_bytes() const { return memory_.size(); }
  Bytes take_memory() && { return std::move(memory_); }

  // Fills `out`. Corrupt if there are fewer bytes.
  Status read(uint64_t offset, BytesSpan out) const {
    if (offset > size_ || out.size() > size_ - offset) return ended();
    if (out.empty()) return {};
    if (!memory_.empty()) {
      std::memcpy(out.data(), memory_.data() + offset, out.size());
      return {};
    }
    std::unique_ptr<File> opened;
    if (!file_) opened = HF_TRY(directory_->open_file(name_));
    const size_t got = HF_TRY((file_ ? *file_ : *opened).read_at(offset, out));
    return got == out.size() ? Status() : ended();
  }

 private:
  static Error ended() { return Error(Code::Corrupt, "a segment of the index ends too early"); }

  uint64_t size_;
  Bytes memory_;
  std::unique_ptr<File> file_;
  std::atomic<unsigned>* held_ = nullptr;
  Directory* directory_ = nullptr;
  std::string name_;
};

}  // namespace hf
