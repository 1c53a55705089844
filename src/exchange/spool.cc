#include "exchange/spool.h"

namespace hf {

Result<Spool> Spool::make(Fs& fs, Entropy& entropy, const std::string& scratch) {
  const std::unique_ptr<Directory> directory = HF_TRY(fs.open_directory(scratch));
  const std::string name = ".holdfast-spool-" + to_hex(entropy.bytes(8));
  std::unique_ptr<File> file = HF_TRY(directory->create_file(name, 0600));
  HF_TRY(directory->remove(name));
  return Spool(std::move(file));
}

Status Spool::add(BytesView bytes) {
  HF_TRY(file_->write_at(size_, bytes));
  size_ += bytes.size();
  return {};
}

uint64_t Spool::reserve(uint64_t length) {
  const uint64_t begin = size_;
  size_ += length;
  return begin;
}

ByteRange Spool::range(uint64_t offset, uint64_t length) const {
  HF_ASSERT(offset <= size_);
  HF_ASSERT(length <= size_ - offset);
  return ByteRange{size_,
                   [file = file_.get(), size = size_](uint64_t at, BytesSpan out) -> Result<size_t> {
                     if (at >= size) return size_t{0};
                     const BytesSpan part = out.first(std::min<uint64_t>(out.size(), size - at));
                     const size_t got = HF_TRY(file->read_at(at, part));
                     // A hole at the end is not in the file yet.
                     std::fill(part.begin() + static_cast<std::ptrdiff_t>(got), part.end(), std::byte{0});
                     return part.size();
                   }}
      .part(offset, length);
}

Result<ByteRange> range_of(File& file) {
  const uint64_t size = HF_TRY(file.info()).size;
  return ByteRange{size, [&file](uint64_t at, BytesSpan out) { return file.read_at(at, out); }};
}

}  // namespace hf
