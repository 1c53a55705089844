#include "crypto/codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "support/seeded_entropy.h"

namespace hf {
namespace {

Bytes text_of(size_t size) {
  Bytes text;
  for (size_t line = 0; text.size() < size; ++line) {
    append(text, as_bytes("line " + std::to_string(line) + " of text\n"));
  }
  text.resize(size);
  return text;
}

Code code_of(const Result<Bytes>& result) {
  return result.ok() ? Code::Exists : result.error().code();
}

TEST(Codec, round_trips_at_every_level_and_size) {
  Decompressor decompressor;
  for (const int level : {-5, 1, 3, 9, 22}) {
    Compressor compressor(level);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{300000}}) {
      const Bytes raw = text_of(size);
      const Bytes frame = compressor.compress(raw);
      EXPECT_TRUE(equal(decompressor.decompress(frame, size).value(), raw)) << level << ' ' << size;
      EXPECT_TRUE(equal(decompressor.decompress_up_to(frame, size).value(), raw)) << level << ' ' << size;
    }
  }
}

TEST(Codec, what_the_highest_level_makes_of_large_input_is_within_the_window) {
  Bytes raw(size_t{12} << 20, std::byte{7});
  EXPECT_EQ(Decompressor().decompress(Compressor(22).compress(raw), raw.size()).value().size(), raw.size());
}

TEST(Codec, tuning_is_forgotten_by_the_next_call) {
  SeededEntropy entropy;
  Bytes raw;  // few long matches, many short ones
  for (size_t i = 0; i < 100000; ++i) raw.push_back(static_cast<std::byte>(entropy.below(4)));
  Compressor compressor(6);
  const Bytes first = compressor.compress(raw);
  EXPECT_FALSE(equal(compressor.compress(raw, {.min_match = 7}), first));
  EXPECT_TRUE(equal(compressor.compress(raw), first));
}

TEST(Codec, another_size_than_stated_is_refused) {
  const Bytes frame = Compressor(3).compress(text_of(1000));
  EXPECT_EQ(code_of(Decompressor().decompress(frame, 999)), Code::Corrupt);
  EXPECT_EQ(code_of(Decompressor().decompress(frame, 1001)), Code::Corrupt);
}

TEST(Codec, a_bomb_is_refused_before_it_is_unpacked) {
  const Bytes bomb = Compressor(3).compress(Bytes(size_t{64} << 20, std::byte{0}));
  ASSERT_LT(bomb.size(), 16384U);
  EXPECT_EQ(code_of(Decompressor().decompress_up_to(bomb, 1 << 20)), Code::Corrupt);
}

TEST(Codec, truncated_frames_and_trailing_bytes_are_refused) {
  const Bytes raw = text_of(1000), frame = Compressor(3).compress(raw);
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(code_of(Decompressor().decompress(BytesView(frame).first(size), raw.size())), Code::Corrupt) << size;
  }
  Bytes longer = frame;
  longer.push_back(std::byte{0});
  EXPECT_EQ(code_of(Decompressor().decompress(longer, raw.size())), Code::Corrupt);
  Bytes twice = frame;
  append(twice, frame);
  EXPECT_EQ(code_of(Decompressor().decompress(twice, raw.size() * 2)), Code::Corrupt);
}

TEST(Codec, a_window_beyond_the_limit_and_an_unstated_size_are_refused) {
  const Bytes raw = text_of(size_t{20} << 20);
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 24);
  Bytes frame(ZSTD_compressBound(raw.size()));
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), raw.data(), raw.size()));
  EXPECT_EQ(code_of(Decompressor().decompress(frame, raw.size())), Code::Corrupt);
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  frame.resize(ZSTD_compressBound(1000));
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), raw.data(), 1000));
  ZSTD_freeCCtx(context);
  EXPECT_EQ(code_of(Decompressor().decompress(frame, 1000)), Code::Corrupt);
}

TEST(Incompressible, random_and_compressed_bytes_are) {
  SeededEntropy entropy;
  for (const size_t size : {size_t{512}, size_t{4096}, size_t{65536}, size_t{3} << 20}) {
    EXPECT_TRUE(is_incompressible(entropy.bytes(size))) << size;
  }
  Bytes noisy;  // compresses somewhat, so that the frame is a real one
  for (size_t i = 0; i < 400000; ++i) noisy.push_back(static_cast<std::byte>('a' + entropy.below(20)));
  EXPECT_TRUE(is_incompressible(Compressor(3).compress(noisy)));
}

TEST(Incompressible, text_pages_and_small_inputs_are_not) {
  SeededEntropy entropy;
  EXPECT_FALSE(is_incompressible(text_of(1 << 20)));
  EXPECT_FALSE(is_incompressible(Bytes(1 << 20, std::byte{0})));
  EXPECT_FALSE(is_incompressible(entropy.bytes(511)));
  // Database pages: half of each is random rows, half is free.
  Bytes pages;
  for (int page = 0; page < 64; ++page) {
    append(pages, entropy.bytes(4096));
    pages.resize(pages.size() + 4096, std::byte{0});
  }
  EXPECT_FALSE(is_incompressible(pages));
  // Records of 16 bytes, 12 of them random: what entropy alone leaves open.
  Bytes records;
  for (uint64_t i = 0; i < 20000; ++i) {
    append(records, entropy.bytes(12));
    append_le(records, static_cast<uint32_t>(i));
  }
  EXPECT_FALSE(is_incompressible(records));
}

}  // namespace
}  // namespace hf
