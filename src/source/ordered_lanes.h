// OrderedLanes: what several readers produce ahead, for one consumer that takes it unit by unit in a fixed order.
//
// Readers take() units in their order, so the unit at the consumer's hand is always being read or done, and nobody
// waits for ever: a reader that is ahead waits while `bytes_max` are queued; the one that the consumer waits for may
// always add. So at most bytes_max, and a block for each reader, are held, however large a unit is.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/bytes.h"

namespace hf {

class OrderedLanes {
 public:
  OrderedLanes(size_t units, size_t bytes_max) : bytes_max_(bytes_max), lanes_(units) {}

  // The next unit that nobody has taken; nothing when all are.
  std::optional<size_t> take();
  // False: stop was requested, and the block was dropped.
  bool push(size_t unit, Bytes block, std::stop_token stop);
  // The unit is whole. What its reader wrote elsewhere before is seen by the consumer after the last pop().
  void close(size_t unit);
  // The next block of the unit; nothing at its end, or when stop was requested. Requires: units in their order.
  std::optional<Bytes> pop(size_t unit, std::stop_token stop);

 private:
  struct Lane {
    std::deque<Bytes> blocks;
    bool closed = false;
  };

  const size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Lane> lanes_;
  size_t next_ = 0, head_ = 0, bytes_ = 0;
};

}  // namespace hf
