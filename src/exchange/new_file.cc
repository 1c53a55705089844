#include "exchange/new_file.h"

#include "base/byte_range.h"
#include "crypto/hash.h"

namespace hf {
namespace {

constexpr size_t gathered_max = 1 << 20;

}  // namespace

Result<NewFile> NewFile::create(Directory& directory, const std::string& path, uint32_t mode) {
  return NewFile(HF_TRY(directory.create_file(path, mode)));
}

Status NewFile::flush() {
  if (gathered_.empty()) return {};
  HF_TRY(file_->write_at(written_, gathered_));
  written_ += gathered_.size();
  gathered_.clear();
  return {};
}

Status NewFile::add(BytesView bytes) {
  if (gathered_.size() + bytes.size() > gathered_max) HF_TRY(flush());
  if (bytes.size() > gathered_max) {
    HF_TRY(file_->write_at(written_, bytes));
    written_ += bytes.size();
    return {};
  }
  append(gathered_, bytes);
  return {};
}

Status NewFile::replace_beginning(BytesView bytes) {
  HF_ASSERT(bytes.size() <= size());
  HF_TRY(flush());
  return file_->write_at(0, bytes);
}

Result<std::string> NewFile::sha256() {
  HF_TRY(flush());
  Sha256Stream hash;
  const ByteRange range{written_, [this](uint64_t at, BytesSpan out) { return file_->read_at(at, out); }};
  HF_TRY(each_block(range, [&](BytesView bytes) -> Status {
    hash.update(bytes);
    return {};
  }));
  return hash.finish().hex();
}

Status NewFile::finish() {
  HF_TRY(flush());
  return file_->sync();
}

}  // namespace hf
