#include "source/ordered_lanes.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/task_group.h"

namespace hf {
namespace {

constexpr size_t units = 200, block_bytes = 1000, bytes_max = 5 * block_bytes;

TEST(OrderedLanes, units_come_in_order_whole_and_within_the_limit) {
  for (const size_t readers : {1u, 2u, 7u}) {
    OrderedLanes lanes(units, bytes_max);
    std::atomic<size_t> held{0}, held_max{0};
    TaskGroup tasks;
    for (size_t reader = 0; reader < readers; ++reader) {
      tasks.start("read", [&](std::stop_token stop) -> Status {
        while (const std::optional<size_t> unit = lanes.take()) {
          for (size_t i = 0; i < *unit % 20; ++i) {  // some of more than the limit, some empty
            Bytes block(block_bytes);
            std::memset(block.data(), static_cast<int>(*unit), block.size());
            if (!lanes.push(*unit, std::move(block), stop)) return Error(Code::Cancelled, "stopped");
            const size_t now = held += block_bytes;
            for (size_t seen = held_max; seen < now && !held_max.compare_exchange_weak(seen, now);) continue;
          }
          lanes.close(*unit);
        }
        return {};
      });
    }
    for (size_t unit = 0; unit < units; ++unit) {
      size_t blocks = 0;
      while (const std::optional<Bytes> block = lanes.pop(unit, tasks.token())) {
        EXPECT_EQ((*block)[0], static_cast<std::byte>(unit));
        held -= block_bytes;
        ++blocks;
      }
      EXPECT_EQ(blocks, unit % 20);
    }
    EXPECT_TRUE(tasks.join().ok());
    // The consumer counts a block as gone a moment after it took it.
    EXPECT_LE(held_max, bytes_max + (readers + 2) * block_bytes);
  }
}

TEST(OrderedLanes, a_reader_that_waits_is_stopped) {
  OrderedLanes lanes(2, 0);
  TaskGroup tasks;
  tasks.start("read", [&](std::stop_token stop) -> Status {
    EXPECT_EQ(lanes.take(), std::optional<size_t>(0));
    EXPECT_EQ(lanes.take(), std::optional<size_t>(1));
    EXPECT_FALSE(lanes.push(1, Bytes(1), stop));  // nobody takes unit 0 away
    return {};
  });
  tasks.request_stop();
  EXPECT_TRUE(tasks.join().ok());
}

TEST(OrderedLanes, a_consumer_that_waits_is_stopped) {
  OrderedLanes lanes(1, 10);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(lanes.pop(0, stop.get_token()), std::nullopt);
}

}  // namespace
}  // namespace hf
