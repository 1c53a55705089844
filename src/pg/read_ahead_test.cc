#include "pg/read_ahead.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

// `size` bytes that count up, and behind them the end or an error.
class CountingFile final : public NamedFile {
 public:
  CountingFile(uint64_t size, bool fails) : size_(size), fails_(fails) {}
  Result<size_t> read_at(uint64_t offset, BytesSpan out) override {
    if (offset >= size_ && fails_) return Error(Code::Corrupt, "cannot be read");
    const size_t length = std::min<uint64_t>(out.size(), size_ - std::min(offset, size_));
    for (size_t i = 0; i < length; ++i) out[i] = static_cast<std::byte>((offset + i) & 0xff);
    return length;
  }

 private:
  const uint64_t size_;
  const bool fails_;
};

TEST(ReadAhead, gives_all_blocks_in_order_and_then_the_end) {
  for (const uint64_t size : {0, 1, 10, 11, 99, 1000}) {
    CountingFile file(size, false);
    ReadAhead ahead(file, 10, 3);
    uint64_t at = 0;
    for (Bytes block = ahead.next().value(); !block.empty(); block = ahead.next().value())
      for (const std::byte byte : block) ASSERT_EQ(byte, static_cast<std::byte>(at++ & 0xff));
    EXPECT_EQ(at, size);
  }
}

TEST(ReadAhead, an_error_comes_after_the_blocks_before_it_and_never_as_an_end) {
  CountingFile file(35, true);
  ReadAhead ahead(file, 10, 2);
  uint64_t bytes = 0;
  Result<Bytes> block = ahead.next();
  for (; block.ok(); block = ahead.next()) {
    ASSERT_FALSE(block.value().empty());
    bytes += block.value().size();
  }
  EXPECT_EQ(bytes, 35u);
  EXPECT_EQ(block.error().code(), Code::Corrupt);
}

TEST(ReadAhead, ends_when_nobody_reads_on) {
  CountingFile file(1 << 20, false);
  ReadAhead ahead(file, 10, 2);
  EXPECT_EQ(ahead.next().value().size(), 10u);
}

}  // namespace
}  // namespace hf
