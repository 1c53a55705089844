#include "app/table.h"

#include <algorithm>

namespace hf {
namespace {

// Code points: near enough to columns for names and numbers.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> columns) {
  for (std::string& name : columns) {
    right_.push_back(name.starts_with('>'));
    columns_.push_back(right_.back() ? name.substr(1) : std::move(name));
  }
}

std::vector<std::string> Table::lines() const {
  std::vector<size_t> widths(columns_.size(), 0);
  return lines(widths, true);
}

std::vector<std::string> Table::drain() {
  const bool headed = drained_widths_.empty();
  drained_widths_.resize(columns_.size(), 0);
  std::vector<std::string> text = lines(drained_widths_, headed);
  rows_.clear();
  return text;
}

std::vector<std::string> Table::lines(std::vector<size_t>& widths, bool headed) const {
  const auto measure = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  };
  measure(columns_);
  for (const auto& row : rows_) measure(row);
  std::vector<std::string> lines;
  const auto put = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - width_of(row[i]), ' ');
      if (i > 0) line += "  ";
      line += right_[i] ? pad + row[i] : row[i] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  };
  if (headed) put(columns_);
  for (const auto& row : rows_) put(row);
  return lines;
}

}  // namespace hf
