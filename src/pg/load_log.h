// PgLoadLog: what a load left out or passed over, from any thread; and where it stands.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/sync.h"

namespace hf {

class PgLoadLog {
 public:
  static constexpr size_t notes_max = 1000;

  void note(std::string what) {
    notes_.with([&](auto& notes) {
      if (notes.size() < notes_max) notes.push_back(std::move(what));
    });
  }
  std::vector<std::string> take() {
    return notes_.with([](auto& notes) { return std::move(notes); });
  }

  std::atomic<uint64_t> rows{0}, bytes{0};  // loaded so far
  std::atomic<uint64_t> errors{0};          // passed over, as was asked

 private:
  Guarded<std::vector<std::string>> notes_;
};

}  // namespace hf
