// Problems: all that is wrong with the texts of a configuration, shown with the line and a caret.
//
// The lines shown are the operator's own text, except that whatever looks like a secret is blotted out: a report of
// a mistake may be pasted anywhere.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hf::config {

// A position in one of the texts; lines and columns (bytes) count from 0.
struct Place {
  size_t text = 0, line = 0, column = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

class Problems {
 public:
  // The number of the text, for Place.
  size_t add_text(std::string name, std::string text);

  // `what` begins with a small letter and never holds a value that could be a secret.
  void add(Place place, std::string what);
  // As add(), and blots out what stands on that line from `place` on.
  void add_secret(Place place, std::string what);

  bool is_empty() const { return problems_.empty(); }
  // "file:line:column", counted in characters from 1.
  std::string where(Place place) const;
  std::string name_of(Place place) const { return texts_[place.text].name; }
  size_t column_shown(Place place) const;  // in characters, from 1
  Error error() const;                     // Requires: not empty

 private:
  struct Text {
    std::string name;
    std::vector<std::string> lines;
  };
  struct Problem {
    Place place;
    std::string what;
  };
  std::string line_of(Place place) const;  // with secrets blotted out
  std::string shown(const Problem& problem) const;

  std::vector<Text> texts_;
  std::vector<Problem> problems_;
  std::vector<Place> blots_;
};

// The same line, of the same length, with * for what stands behind a key such as `password:` and for passwords in URLs.
std::string blot_secrets(std::string line);
// True for the name of a key whose value should be a reference to a secret.
bool is_secret_name(std::string_view key);
// True for a URL or a connection string with a password in it.
bool has_password(std::string_view text);

}  // namespace hf::config
