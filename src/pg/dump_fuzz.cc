// Whatever bytes as an archive: what is read is written again byte for byte, and its data can be gone through.
#include "pg/dump_data.h"
#include "pg/dump_follow.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::Bytes bytes = hf::to_bytes(std::string_view(reinterpret_cast<const char*>(data), size));
  const hf::ByteRange file = hf::range_of(bytes);
  const auto contents = hf::read_pg_dump_contents(file);
  if (!contents.ok()) {
    HF_ASSERT(!contents.error().message().empty());
    return 0;
  }
  const hf::Bytes again = hf::encode(contents.value().archive);
  HF_ASSERT(hf::equal(again, hf::BytesView(bytes).first(contents.value().data_offset)));
  const auto open = hf::read_pg_dump(file);
  const auto compression = contents.value().archive.head.compression();
  if (!open.ok() || !compression.ok()) return 0;
  uint64_t at = open.value().data_offset;
  for (const hf::PgDumpBlock& block : open.value().blocks) {
    HF_ASSERT(block.offset == at);
    at += block.length;
    uint64_t made = 0;
    const auto count = [&](hf::BytesView out) -> hf::Status {
      made += out.size();
      if (made > (16u << 20)) return hf::Error(hf::Code::Failed, "more than this target wants");
      return {};
    };
    if (block.type == hf::PgDumpBlock::Type::Data)
      (void)hf::read_pg_dump_data(file, block, compression.value(), count).ok();
    else if (compression.value() != hf::PgDumpCompression::None)
      (void)hf::copy_pg_dump_block(file, block, {compression.value(), hf::PgDumpCompression::None, 1}, count).ok();
  }
  HF_ASSERT(at == size);
  hf::PgDumpFollow follow;
  for (size_t part = 0, length = 1; part < size; part += length, length = length * 2 % 61) {
    length = std::min(length, size - part);
    HF_ASSERT(follow.feed(hf::BytesView(bytes).subspan(part, length)).ok());
  }
  HF_ASSERT(follow.finish().ok());
  return 0;
}
