#include "pg/words.h"

#include <algorithm>

namespace hf {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

}  // namespace

// To the next word or quoted name.
void SqlWords::skip() {
  while (at_ < text_.size() && !is_word(text_[at_]) && text_[at_] != '"') {
    if (text_[at_] == '\'') at_ = std::min(text_.find('\'', at_ + 1), text_.size() - 1);
    ++at_;
  }
}

SqlWords::Place SqlWords::next_place() {
  skip();
  Place place{.begin = at_, .end = at_};
  if (at_ < text_.size() && text_[at_] == '"') {
    place.is_quoted = true;
    ++at_;
    while (at_ < text_.size() && (text_[at_] != '"' || text_.substr(at_, 2) == "\"\""))
      at_ += text_[at_] == '"' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
  } else {
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  }
  place.end = at_;
  return place;
}

std::string SqlWords::next() {
  const Place place = next_place();
  std::string word(text_.substr(place.begin, place.end - place.begin));
  if (!place.is_quoted) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return word;
  }
  std::string name;
  for (size_t i = 1; i + 1 < word.size(); ++i) {
    name += word[i];
    if (word[i] == '"') ++i;
  }
  return name;
}

bool SqlWords::at_end() {
  skip();
  return at_ >= text_.size();
}

bool SqlWords::has(std::string_view keyword) const {
  SqlWords rest = *this;
  while (!rest.at_end()) {
    SqlWords before = rest;
    if (!before.next_place().is_quoted && rest.next() == keyword) return true;
    rest = before;
  }
  return false;
}

}  // namespace hf
