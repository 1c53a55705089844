// Entropy from a seed, so that a test's run can be repeated. Cannot be linked into the product.
#pragma once

#include <mutex>
#include <random>

#include "base/entropy.h"

namespace hf {

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(uint64_t seed = 1) : random_(seed) {}
  void fill(BytesSpan out) override {
    std::scoped_lock lock(mutex_);
    for (std::byte& b : out) b = static_cast<std::byte>(random_());
  }
  uint64_t below(uint64_t limit) {
    std::scoped_lock lock(mutex_);
    return random_() % limit;
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
};

}  // namespace hf
