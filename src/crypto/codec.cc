#include "crypto/codec.h"

#include <zstd.h>

namespace hf {
namespace {

constexpr int window_log_max = 23;  // 8 MiB: a limit of the format
constexpr uint64_t window_bytes_max = uint64_t{1} << window_log_max;
constexpr int level_of_larger_windows = 20;

struct ZstdFree {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using CompressContext = std::unique_ptr<ZSTD_CCtx, ZstdFree>;

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  HF_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)));
}

CompressContext make_context(int level) {
  CompressContext context(ZSTD_createCCtx());
  HF_ASSERT(context != nullptr);
  set(context.get(), ZSTD_c_compressionLevel, level);
  set(context.get(), ZSTD_c_contentSizeFlag, 1);
  set(context.get(), ZSTD_c_checksumFlag, 0);  // what we compress is authenticated anyway
  // What the highest levels would choose, Decompressor refuses.
  if (level >= level_of_larger_windows) set(context.get(), ZSTD_c_windowLog, window_log_max);
  return context;
}

// RFC 8878, 3.1.1.1. The library looks at the window only when it decompresses in parts.
bool window_is_allowed(BytesView frame, uint64_t content_size) {
  HF_ASSERT(frame.size() > 5);
  const unsigned descriptor = std::to_integer<unsigned>(frame[4]);
  const bool is_single_segment = (descriptor & 0x20U) != 0;
  if (is_single_segment) return content_size <= window_bytes_max;
  const unsigned window = std::to_integer<unsigned>(frame[5]);
  const uint64_t base = uint64_t{1} << (10 + (window >> 3U));
  return base + base / 8 * (window & 7U) <= window_bytes_max;
}

// The size that one whole frame, with nothing behind it, says its content has.
Result<uint64_t> content_size_of(BytesView frame) {
  constexpr std::byte magic[] = {std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f}, std::byte{0xfd}};
  constexpr size_t frame_bytes_min = 9;  // magic, descriptor, one byte of window or size, one block header
  if (frame.size() < frame_bytes_min || !equal(frame.first(sizeof magic), magic)) {
    return Error(Code::Corrupt, "not a zstd frame");
  }
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return Error(Code::Corrupt, "zstd frame does not state its size");
  }
  if (!window_is_allowed(frame, size)) return Error(Code::Corrupt, "zstd frame needs a larger window than 8 MiB");
  const size_t length = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(length)) return Error(Code::Corrupt, "zstd frame is cut short");
  if (length != frame.size()) return Error(Code::Corrupt, "zstd frame has bytes behind it");
  return uint64_t{size};
}

}  // namespace

struct Compressor::State {
  CompressContext context;
};

Compressor::Compressor(int level) : state_(std::make_unique<State>()) {
  state_->context = make_context(level);
}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Bytes Compressor::compress(BytesView raw, const CompressTuning& tuning) {
  set(state_->context.get(), ZSTD_c_hashLog, tuning.hash_log);
  set(state_->context.get(), ZSTD_c_chainLog, tuning.chain_log);
  set(state_->context.get(), ZSTD_c_minMatch, tuning.min_match);
  Bytes out(ZSTD_compressBound(raw.size()));
  const size_t size = ZSTD_compress2(state_->context.get(), out.data(), out.size(), raw.data(), raw.size());
  HF_ASSERT(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

struct Decompressor::State {
  std::unique_ptr<ZSTD_DCtx, ZstdFree> context;
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) {
  state_->context.reset(ZSTD_createDCtx());
  HF_ASSERT(state_->context != nullptr);
}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Result<Bytes> Decompressor::decompress(BytesView frame, size_t raw_size) {
  Bytes out;
  HF_TRY(decompress_into(frame, raw_size, out));
  return out;
}

Status Decompressor::decompress_into(BytesView frame, size_t raw_size, Bytes& out) {
  const uint64_t stated = HF_TRY(content_size_of(frame));
  if (stated != raw_size) return Error(Code::Corrupt, "zstd frame is not of the size it should have");
  out.resize(raw_size);
  const size_t size = ZSTD_decompressDCtx(state_->context.get(), out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) || size != raw_size) return Error(Code::Corrupt, "zstd frame is damaged");
  return {};
}

Result<Bytes> Decompressor::decompress_up_to(BytesView frame, size_t raw_size_max) {
  const uint64_t stated = HF_TRY(content_size_of(frame));
  if (stated > raw_size_max) return Error(Code::Corrupt, "zstd frame holds more than it may");
  return decompress(frame, static_cast<size_t>(stated));
}

}  // namespace hf
