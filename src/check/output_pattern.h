// OutputPattern: what a program should write, such as `db_bootstrap status=ok applied=<n> skipped=<n>`.
//
// `<n>` stands for digits, `<word>` for anything without a space; each is called after the name before it ("applied").
// The pattern is looked for in each line of the output, as whole words: other words may stand around it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hf {

class OutputPattern {
 public:
  static Result<OutputPattern> parse(std::string_view text);

  struct Capture {
    std::string name, text;
    bool is_number = false;
  };
  // The captures of the last line that fits, in their order; nothing if none does.
  std::optional<std::vector<Capture>> find(std::string_view output) const;
  bool has_number(std::string_view name) const;

 private:
  struct Part {
    enum class Kind : uint8_t { Text, Number, Word } kind = Kind::Text;
    std::string text;  // Text: itself; else the name
  };
  // Nothing unless the pattern fits at the beginning of `line`, up to the end of a word.
  std::optional<std::vector<Capture>> fit(std::string_view line) const;

  std::vector<Part> parts_;
};

}  // namespace hf
