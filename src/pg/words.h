// SqlWords: the first words of a statement, as far as we must understand it: keywords in small letters, names as they
// are. Punctuation and constants are passed over.
#pragma once

#include <string>
#include <string_view>

namespace hf {

class SqlWords {
 public:
  explicit SqlWords(std::string_view text) : text_(text) {}

  // "" at the end. A name in double quotes comes without them, its doubled quotes single.
  std::string next();
  bool at_end();
  // Whether `keyword` comes, unquoted, from here on; the place is kept.
  bool has(std::string_view keyword) const;
  // Where the next word begins and ends in the text, quotes included, and the place behind it.
  struct Place {
    size_t begin = 0, end = 0;
    bool is_quoted = false;
  };
  Place next_place();

 private:
  void skip();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace hf
