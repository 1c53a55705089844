// Meter: counters that are always on: what passed through each stage, how long it worked, how long it waited.
//
// Shown by --perf, by progress lines and, later, by metrics: the same numbers everywhere.
// Safe to use from several threads; adding is one relaxed atomic addition.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace hf {

enum class Stage : uint8_t {
  Scan,
  Read,
  Cut,
  Hash,
  Probe,
  Compress,
  Encrypt,
  Pack,
  Verify,
  Store,
  Fetch,
  Decrypt,
  Decompress,
  Check,
  Write,
  Count
};
std::string_view name_of(Stage stage);

struct StageCount {
  std::atomic<uint64_t> items{0}, bytes{0}, busy_ns{0};
};

class Meter {
 public:
  void add(Stage stage, uint64_t bytes, Duration busy = {}, uint64_t items = 1) {
    StageCount& count = stages_[static_cast<size_t>(stage)];
    count.items.fetch_add(items, std::memory_order_relaxed);
    count.bytes.fetch_add(bytes, std::memory_order_relaxed);
    count.busy_ns.fetch_add(static_cast<uint64_t>(busy.count()), std::memory_order_relaxed);
  }
  const StageCount& operator[](Stage stage) const { return stages_[static_cast<size_t>(stage)]; }

 private:
  std::array<StageCount, static_cast<size_t>(Stage::Count)> stages_;
};

// Adds the time of a scope to one stage.
class StageTimer {
 public:
  StageTimer(Clock& clock, Meter& meter, Stage stage, uint64_t bytes)
      : clock_(clock), meter_(meter), stage_(stage), bytes_(bytes), begin_(clock.mono()) {}
  ~StageTimer() { meter_.add(stage_, bytes_, clock_.mono() - begin_); }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  Clock& clock_;
  Meter& meter_;
  const Stage stage_;
  const uint64_t bytes_;
  const MonoTime begin_;
};

}  // namespace hf
