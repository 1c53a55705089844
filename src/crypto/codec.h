// zstd (RFC 8878), one frame at a time, with limits; and the question whether compressing is worth it.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

// What a kind of data makes better of a level: logarithms of sizes as in zstd's manual; 0: the level's own.
struct CompressTuning {
  int hash_log = 0;   // of the table of long matches
  int chain_log = 0;  // of the table of short ones
  int min_match = 0;
};

// Holds a context of a few megabytes; one thread at a time.
class Compressor {
 public:
  explicit Compressor(int level);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  // One frame that states its content size.
  Bytes compress(BytesView raw, const CompressTuning& tuning = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;
  // Corrupt unless `frame` is one whole zstd frame of exactly `raw_size` bytes. Requires: the caller has bounded
  // raw_size.
  Result<Bytes> decompress(BytesView frame, size_t raw_size);
  // The same into a buffer that is used again.
  Status decompress_into(BytesView frame, size_t raw_size, Bytes& out);
  // For frames whose size stands only in the frame: refused beyond `raw_size_max`.
  Result<Bytes> decompress_up_to(BytesView frame, size_t raw_size_max);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Looks at samples of `raw`: true if it is most likely compressed or encrypted already. About 30 µs a megabyte.
bool is_incompressible(BytesView raw);

}  // namespace hf
