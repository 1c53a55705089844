// Table: rows of text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace hf {

class Table {
 public:
  // A name that begins with '>' is of a column aligned to the right.
  explicit Table(std::vector<std::string> columns);
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool is_empty() const { return rows_.empty(); }
  // With the heading, without a newline at the ends of lines.
  std::vector<std::string> lines() const;
  // For tables longer than memory: gives the rows so far and forgets them. The heading comes the first time only, and
  // columns never get narrower.
  bool is_long() const { return rows_.size() >= rows_at_a_time; }
  std::vector<std::string> drain();

 private:
  static constexpr size_t rows_at_a_time = 1000;
  std::vector<std::string> lines(std::vector<size_t>& widths, bool headed) const;

  std::vector<size_t> drained_widths_;  // empty: nothing was drained yet
  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hf
