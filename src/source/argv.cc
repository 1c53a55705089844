#include "source/argv.h"

#include <optional>

namespace hf {
namespace {

constexpr std::string_view shell_characters = "|><&;$`()*?";

Error open_quote(char quote) {
  return Error(Code::Invalid, std::string("a quote (") + quote + ") is not closed in the command");
}

}  // namespace

Result<std::vector<std::string>> split_argv(std::string_view text) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // absent between words: '' is a word
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_last = i + 1 == text.size();
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (!word) word.emplace();
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote == 0 && is_last) {
      return Error(Code::Invalid, "the command ends with a backslash");
    } else if (c == '\\' && (quote == 0 || (quote == '"' && !is_last && (text[i + 1] == '"' || text[i + 1] == '\\')))) {
      *word += text[++i];
    } else if (quote == 0 && shell_characters.find(c) != shell_characters.npos) {
      return Error(Code::Invalid, std::string("the character ") + c + " in the command means something only to a shell")
          .with_hint("there is no shell: quote it, or run one: sh -c '...'");
    } else {
      *word += c;
    }
  }
  if (quote != 0) return open_quote(quote);
  if (word) words.push_back(std::move(*word));
  return words;
}

}  // namespace hf
