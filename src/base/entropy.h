// Entropy: the only source of chance. The real one is in sys; the seeded one exists only in tests/support.
#pragma once

#include "base/bytes.h"

namespace hf {

class Entropy {
 public:
  virtual ~Entropy() = default;
  // Fills all of `out` with bytes nobody can guess. Cannot fail: a system without randomness is an HF_ASSERT.
  // Safe to call from several threads.
  virtual void fill(BytesSpan out) = 0;

  template <typename Id>
  Id make() {
    Id id;
    fill(id.bytes);
    return id;
  }
  Bytes bytes(size_t count) {
    Bytes out(count);
    fill(out);
    return out;
  }
};

}  // namespace hf
