// Text of which only the beginning and the end are kept when there is too much: an error message is at either.
#pragma once

#include <string>
#include <string_view>

namespace hf {

class CappedText {
 public:
  explicit CappedText(size_t bytes_max) : head_max_(bytes_max / 2), tail_max_(bytes_max - bytes_max / 2) {}

  void add(std::string_view more) {
    const std::string_view head = more.substr(0, head_max_ - head_.size());
    head_ += head;
    tail_ += more.substr(head.size());
    // Twice the limit is let in before it is cut back, so that many small pieces do not each move the whole tail.
    if (tail_.size() > 2 * tail_max_) cut_tail();
  }

  std::string take() && {
    if (tail_.size() > tail_max_) cut_tail();
    if (dropped_ > 0) head_ += "\n[" + std::to_string(dropped_) + " bytes dropped]\n";
    return std::move(head_) + tail_;
  }

 private:
  void cut_tail() {
    const size_t excess = tail_.size() - tail_max_;
    tail_.erase(0, excess);
    dropped_ += excess;
  }

  const size_t head_max_, tail_max_;
  std::string head_, tail_;
  size_t dropped_ = 0;
};

}  // namespace hf
