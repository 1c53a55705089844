#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>

namespace hf::config {
namespace {

constexpr size_t problems_max = 20;
constexpr size_t line_shown_max = 160;
constexpr size_t npos = std::string_view::npos;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Of the first `bytes` bytes.
size_t characters(std::string_view text, size_t bytes) {
  return static_cast<size_t>(std::ranges::count_if(text.substr(0, bytes), [](char c) { return !is_continuation(c); }));
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void blot(std::string& line, size_t begin, size_t limit) {
  std::fill(line.begin() + static_cast<ptrdiff_t>(begin), line.begin() + static_cast<ptrdiff_t>(limit), '*');
}

// The end of a value that begins at `begin`: of its quotes, or else of the line or its place in a flow collection.
size_t value_limit(std::string_view line, size_t begin) {
  if (begin < line.size() && (line[begin] == '"' || line[begin] == '\'')) {
    const size_t end = line.find(line[begin], begin + 1);
    return end == npos ? line.size() : end + 1;
  }
  return std::min(line.find_first_of(",}]", begin), line.size());
}

struct Range {
  size_t begin, limit;
};

// The password of the URL whose "://" is at `at`; empty if it has none. Passwords may hold any character but "/?#".
Range url_password(std::string_view text, size_t at) {
  const size_t begin = at + 3;
  const std::string_view authority = text.substr(begin, text.find_first_of("/?#\"' \t", begin) - begin);
  const size_t sign = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (sign == npos || colon == npos || colon + 1 >= sign) return {begin, begin};
  return {begin + colon + 1, begin + sign};
}

}  // namespace

bool is_secret_name(std::string_view key) {
  std::string name(key);
  std::ranges::transform(name, name.begin(), lower);
  for (const std::string_view word : {"password", "passphrase", "secret", "token", "passwd"})
    if (name.ends_with(word)) return true;
  return false;
}

bool has_password(std::string_view text) {
  for (size_t at = text.find("://"); at != npos; at = text.find("://", at + 3)) {
    const Range range = url_password(text, at);
    if (range.begin < range.limit) return true;
  }
  // libpq's other form: "host=db password=…".
  const size_t at = text.find("password=");
  return at != npos && at + 9 < text.size() && text[at + 9] != '$' && text[at + 9] != ' ';
}

std::string blot_secrets(std::string line) {
  for (size_t at = line.find("://"); at != npos; at = line.find("://", at + 3)) {
    const Range range = url_password(line, at);
    blot(line, range.begin, range.limit);
  }
  for (size_t at = line.find_first_of(":="); at != npos; at = line.find_first_of(":=", at + 1)) {
    size_t name_limit = at;
    while (name_limit > 0 && (line[name_limit - 1] == ' ' || line[name_limit - 1] == '"')) --name_limit;
    size_t name_begin = name_limit;
    while (name_begin > 0 && is_word(line[name_begin - 1])) --name_begin;
    const size_t begin = line.find_first_not_of(" \t", at + 1);
    if (begin == npos) break;
    // References and what is nested are no literals; a comment is none either.
    if (std::string_view("${[|>#").find(line[begin]) != npos) continue;
    if (is_secret_name(std::string_view(line).substr(name_begin, name_limit - name_begin)))
      blot(line, begin, value_limit(line, begin));
  }
  return line;
}

size_t Problems::add_text(std::string name, std::string text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  texts_.push_back({std::move(name), std::move(lines)});
  return texts_.size() - 1;
}

void Problems::add(Place place, std::string what) {
  problems_.push_back({place, std::move(what)});
}

void Problems::add_secret(Place place, std::string what) {
  blots_.push_back(place);
  add(place, std::move(what));
}

std::string Problems::line_of(Place place) const {
  const std::vector<std::string>& lines = texts_[place.text].lines;
  std::string line = place.line < lines.size() ? lines[place.line] : "";
  for (const Place& from : blots_) {
    if (from.text == place.text && from.line == place.line && from.column < line.size())
      blot(line, from.column, value_limit(line, from.column));
  }
  return blot_secrets(std::move(line));
}

size_t Problems::column_shown(Place place) const {
  const std::vector<std::string>& lines = texts_[place.text].lines;
  return 1 + (place.line < lines.size() ? characters(lines[place.line], place.column) : 0);
}

std::string Problems::where(Place place) const {
  return fmt::format("{}:{}:{}", name_of(place), place.line + 1, column_shown(place));
}

std::string Problems::shown(const Problem& problem) const {
  std::string line = line_of(problem.place);
  size_t column = std::min(problem.place.column, line.size());
  if (line.size() > line_shown_max) {
    size_t begin = column > line_shown_max / 2 ? column - line_shown_max / 2 : 0;
    while (begin > 0 && is_continuation(line[begin])) --begin;
    line = line.substr(begin, line_shown_max);
    column -= begin;
  }
  std::ranges::replace(line, '\t', ' ');
  const std::string number = std::to_string(problem.place.line + 1);
  return fmt::format("{}: {}\n {} | {}\n {} | {}^\n", where(problem.place), problem.what, number, line,
                     std::string(number.size(), ' '), std::string(characters(line, column), ' '));
}

Error Problems::error() const {
  HF_ASSERT(!problems_.empty());
  std::vector<Problem> sorted = problems_;
  std::ranges::stable_sort(sorted, {}, &Problem::place);
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), problems_max); ++i) text += shown(sorted[i]);
  if (sorted.size() > problems_max) text += fmt::format("and {} more problems\n", sorted.size() - problems_max);
  text.pop_back();  // the caller ends the line
  return Error(Code::Invalid, std::move(text));
}

}  // namespace hf::config
