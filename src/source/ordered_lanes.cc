#include "source/ordered_lanes.h"

#include "base/result.h"

namespace hf {

std::optional<size_t> OrderedLanes::take() {
  std::scoped_lock lock(mutex_);
  if (next_ == lanes_.size()) return std::nullopt;
  return next_++;
}

bool OrderedLanes::push(size_t unit, Bytes block, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  Lane& lane = lanes_[unit];
  const auto has_room = [&] { return bytes_ < bytes_max_ || (unit == head_ && lane.blocks.empty()); };
  if (!changed_.wait(lock, stop, has_room)) return false;
  bytes_ += block.size();
  lane.blocks.push_back(std::move(block));
  changed_.notify_all();
  return true;
}

void OrderedLanes::close(size_t unit) {
  std::scoped_lock lock(mutex_);
  lanes_[unit].closed = true;
  changed_.notify_all();
}

std::optional<Bytes> OrderedLanes::pop(size_t unit, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  HF_ASSERT(unit >= head_);
  Lane& lane = lanes_[unit];
  if (head_ != unit) {
    head_ = unit;
    changed_.notify_all();
  }
  changed_.wait(lock, stop, [&] { return !lane.blocks.empty() || lane.closed; });
  if (lane.blocks.empty()) return std::nullopt;
  Bytes block = std::move(lane.blocks.front());
  lane.blocks.pop_front();
  bytes_ -= block.size();
  changed_.notify_all();
  return block;
}

}  // namespace hf
