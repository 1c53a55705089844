#include "pg/read_ahead.h"

namespace hf {

ReadAhead::ReadAhead(NamedFile& file, size_t block_bytes, size_t blocks) : blocks_(blocks) {
  reader_.start("read", [this, &file, block_bytes](std::stop_token stop) {
    Status status = read(file, block_bytes, stop);
    blocks_.close();
    return status;
  });
}

Status ReadAhead::read(NamedFile& file, size_t block_bytes, const std::stop_token& stop) {
  for (uint64_t offset = 0;;) {
    Bytes block(block_bytes);
    block.resize(HF_TRY(file.read_at(offset, block)));
    if (block.empty()) return {};
    offset += block.size();
    if (!blocks_.push(std::move(block), stop)) return Error(Code::Cancelled, "stopped");
  }
}

Result<Bytes> ReadAhead::next() {
  std::optional<Bytes> block = blocks_.pop({});
  if (block) return std::move(*block);
  HF_TRY(reader_.join());
  return Bytes();
}

}  // namespace hf
