#include "check/output_pattern.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t captures_max = 16;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-' || c == '.';
}

// "applied" of "skipped=1 applied=".
std::string name_before(std::string_view text) {
  while (!text.empty() && (text.back() == '=' || text.back() == ':' || text.back() == ' ')) text.remove_suffix(1);
  size_t begin = text.size();
  while (begin > 0 && is_name_char(text[begin - 1])) --begin;
  return std::string(text.substr(begin));
}

}  // namespace

Result<OutputPattern> OutputPattern::parse(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.empty() || text.find('\n') != text.npos)
    return Error(Code::Invalid, "the expected output is one line that is not empty");
  OutputPattern made;
  size_t captures = 0;
  while (!text.empty()) {
    const size_t open = std::min(text.find('<'), text.size());
    if (open > 0) made.parts_.push_back({Part::Kind::Text, std::string(text.substr(0, open))});
    text.remove_prefix(open);
    if (text.empty()) break;
    const bool is_number = text.starts_with("<n>"), is_word = text.starts_with("<word>");
    if (!is_number && !is_word)
      return Error(Code::Invalid, "the expected output knows <n> for a number and <word> for a word, and no other <");
    const bool is_named = !made.parts_.empty() && made.parts_.back().kind == Part::Kind::Text;
    if (!made.parts_.empty() && !is_named) return Error(Code::Invalid, "two captures stand side by side");
    std::string name = is_named ? name_before(made.parts_.back().text) : "";
    if (++captures > captures_max) return Error(Code::Invalid, "more than 16 captures in the expected output");
    if (name.empty()) name = (is_number ? "n" : "word") + std::to_string(captures);
    made.parts_.push_back({is_number ? Part::Kind::Number : Part::Kind::Word, std::move(name)});
    text.remove_prefix(is_number ? 3 : 6);
  }
  return made;
}

bool OutputPattern::has_number(std::string_view name) const {
  return std::ranges::any_of(parts_,
                             [&](const Part& part) { return part.kind == Part::Kind::Number && part.text == name; });
}

std::optional<std::vector<OutputPattern::Capture>> OutputPattern::fit(std::string_view line) const {
  std::vector<Capture> captures;
  for (size_t at = 0; at < parts_.size(); ++at) {
    const Part& part = parts_[at];
    if (part.kind == Part::Kind::Text) {
      if (!line.starts_with(part.text)) return std::nullopt;
      line.remove_prefix(part.text.size());
      continue;
    }
    // A word ends where what follows it in the pattern begins, so that no second try is ever needed.
    const char limit = at + 1 < parts_.size() ? parts_[at + 1].text[0] : ' ';
    const bool is_number = part.kind == Part::Kind::Number;
    size_t length = 0;
    while (length < line.size() &&
           (is_number ? is_digit(line[length]) : !is_space(line[length]) && line[length] != limit))
      ++length;
    if (length == 0) return std::nullopt;
    captures.push_back({part.text, std::string(line.substr(0, length)), is_number});
    line.remove_prefix(length);
  }
  if (!line.empty() && !is_space(line[0])) return std::nullopt;
  return captures;
}

std::optional<std::vector<OutputPattern::Capture>> OutputPattern::find(std::string_view output) const {
  std::optional<std::vector<Capture>> found;
  for (size_t begin = 0; begin < output.size();) {
    const size_t end = std::min(output.find('\n', begin), output.size());
    const std::string_view line = output.substr(begin, end - begin);
    begin = end + 1;
    for (size_t at = 0; at < line.size(); ++at) {
      if (at > 0 && !is_space(line[at - 1])) continue;
      std::optional<std::vector<Capture>> captures = fit(line.substr(at));
      if (!captures) continue;
      found = std::move(captures);
      break;
    }
  }
  return found;
}

}  // namespace hf
