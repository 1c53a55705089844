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

 private:
  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hf
