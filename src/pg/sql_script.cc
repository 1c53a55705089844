#include "pg/sql_script.h"

#include <algorithm>

namespace hf {
namespace {

constexpr size_t statement_bytes_max = size_t{1} << 30;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0;
}
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '$';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

// A function or procedure, whose body may be statements that end with semicolons of their own.
bool may_have_body(std::string_view text) {
  std::string head = lower(text.substr(0, 30));
  if (head.starts_with("create or replace ")) head.erase(7, 11);
  return head.starts_with("create function ") || head.starts_with("create procedure ");
}

}  // namespace

bool is_copy_from_stdin(std::string_view text) {
  std::string_view end = text;
  while (!end.empty() && is_space(end.back())) end.remove_suffix(1);
  return lower(text.substr(0, 5)) == "copy " && lower(end).ends_with(" from stdin");
}

Status SqlScript::feed(BytesView bytes) {
  std::string_view text = as_text(bytes);
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    if (line_.empty()) {
      HF_TRY(line(text.substr(0, end)));
    } else {
      line_ += text.substr(0, end);
      const std::string whole = std::move(line_);
      line_.clear();
      HF_TRY(line(whole));
    }
    text.remove_prefix(end + 1);
  }
  line_ += text;
  if (line_.size() > statement_bytes_max) return Error(Code::Corrupt, "a line of more than 1 GiB in a script");
  return {};
}

Status SqlScript::finish() {
  if (!line_.empty()) {
    const std::string last = std::move(line_);
    line_.clear();
    HF_TRY(line(last));
  }
  if (inside_ == Inside::Statement && is_between_statements()) return {};
  if (inside_ == Inside::Rows) return Error(Code::Corrupt, "a script ends within rows");
  return Error(Code::Corrupt,
               inside_ == Inside::Comment ? "a script ends in a comment" : "a script ends in a statement");
}

bool SqlScript::is_between_statements() const {
  return text_.empty();
}

Status SqlScript::line(std::string_view line) {
  ++lines_;
  if (inside_ == Inside::Rows) {
    if (line == "\\.") {
      inside_ = Inside::Statement;
      return visitor_.rows_end();
    }
    std::string row(line);
    row += '\n';
    return visitor_.rows(as_bytes(row));
  }
  if (inside_ == Inside::Statement && is_between_statements()) {
    if (line.starts_with("-- Name: ") || line.starts_with("-- Data for Name: "))
      read_entry(line.substr(line.find(": ") + 2));
  }
  return lex(line);
}

// "-- Name: shop users; Type: TABLE; Schema: public; Owner: app". A name may hold anything but a newline.
void SqlScript::read_entry(std::string_view comment) {
  const size_t owner = std::min(comment.rfind("; Owner: "), comment.size());
  const size_t schema = comment.rfind("; Schema: ", owner);
  const size_t type = schema == comment.npos ? comment.npos : comment.rfind("; Type: ", schema);
  if (type == comment.npos) return;
  entry_.name = comment.substr(0, type);
  entry_.type = comment.substr(type + 8, schema - type - 8);
  entry_.schema = comment.substr(schema + 10, owner - schema - 10);
}

Status SqlScript::lex(std::string_view line) {
  size_t at = 0;
  while (at < line.size()) {
    if (inside_ == Inside::Statement)
      at = HF_TRY(lex_plain(line, at));
    else if (inside_ == Inside::Rows)
      return Error(Code::Corrupt, "text behind a COPY in its line");
    else
      at = lex_quoted(line, at);
    if (text_.size() > statement_bytes_max) return Error(Code::Corrupt, "a statement of more than 1 GiB in a script");
  }
  if (!text_.empty()) text_ += '\n';
  return {};
}

// In quotes of some kind: to their end, or the line's.
size_t SqlScript::lex_quoted(std::string_view line, size_t at) {
  const std::string_view rest = line.substr(at);
  const bool is_left_out = inside_ == Inside::Comment && is_between_statements();
  size_t length = rest.size();
  const auto close_at = [&](size_t position, size_t width) {
    length = position + width;
    inside_ = Inside::Statement;
  };
  if (inside_ == Inside::Quotes || inside_ == Inside::Name) {
    // A doubled quote ends one pair and begins the next: the same in effect.
    const size_t end = rest.find(inside_ == Inside::Name ? '"' : '\'');
    if (end != rest.npos) close_at(end, 1);
  } else if (inside_ == Inside::EscapeQuotes) {
    const size_t end = rest.find_first_of("'\\");
    if (end != rest.npos && rest[end] == '\\')
      length = std::min(end + 2, rest.size());
    else if (end != rest.npos && rest.substr(end, 2) == "''")
      length = end + 2;
    else if (end != rest.npos)
      close_at(end, 1);
  } else if (inside_ == Inside::Dollars) {
    const size_t end = rest.find(dollar_tag_);
    if (end != rest.npos) close_at(end, dollar_tag_.size());
  } else {
    const size_t end = rest.find("*/"), begin = rest.find("/*");
    if (begin < end) {
      length = begin + 2;
      ++comments_;
    } else if (end != rest.npos) {
      length = end + 2;
      if (--comments_ == 0) inside_ = Inside::Statement;
    }
  }
  if (!is_left_out) text_ += rest.substr(0, length);
  return at + length;
}

Result<size_t> SqlScript::lex_plain(std::string_view line, size_t at) {
  const char c = line[at];
  const std::string_view two = line.substr(at, 2);
  if (is_space(c) && text_.empty()) return at + 1;
  if (two == "--") return line.size();
  if (is_letter(c)) return lex_word(line, at);
  if (c == '$') return lex_dollar(line, at);
  if (c == ';' && brackets_ == 0 && blocks_ == 0) {
    HF_TRY(end_statement());
    return at + 1;
  }
  if (two == "/*") {
    inside_ = Inside::Comment;
    comments_ = 1;
    // In a statement it stays: it may part two words.
    if (!is_between_statements()) text_ += two;
    return at + 2;
  }
  if (c == '\\') {
    HF_TRY(visitor_.meta_command(line.substr(at)));
    return line.size();
  }
  if (c == '(') ++brackets_;
  if (c == ')' && brackets_ > 0) --brackets_;
  if (c == '\'') inside_ = Inside::Quotes;
  if (c == '"') inside_ = Inside::Name;
  text_ += c;
  return at + 1;
}

// A word that begins no quotes; keywords count where they open or close a body.
size_t SqlScript::lex_word(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && is_word(line[end])) ++end;
  const std::string word = lower(line.substr(at, end - at));
  text_ += line.substr(at, end - at);
  if (word == "e" && end < line.size() && line[end] == '\'') {
    inside_ = Inside::EscapeQuotes;
    text_ += '\'';
    return end + 1;
  }
  // BEGIN ATOMIC … END, with CASE … END in it; BEGIN alone may be a name.
  const bool opens = blocks_ == 0 ? word == "atomic" && last_word_ == "begin" && brackets_ == 0 && may_have_body(text_)
                                  : word == "case";
  if (opens) ++blocks_;
  if (word == "end" && blocks_ > 0) --blocks_;
  last_word_ = word;
  return end;
}

size_t SqlScript::lex_dollar(std::string_view line, size_t at) {
  size_t end = at + 1;
  if (end < line.size() && !(line[end] >= '0' && line[end] <= '9'))
    while (end < line.size() && line[end] != '$' && is_word(line[end])) ++end;
  const bool is_quote = end < line.size() && line[end] == '$';
  if (is_quote) {
    dollar_tag_ = line.substr(at, end + 1 - at);
    inside_ = Inside::Dollars;
  }
  text_ += line.substr(at, is_quote ? end + 1 - at : 1);
  return is_quote ? end + 1 : at + 1;
}

Status SqlScript::end_statement() {
  const std::string text = std::move(text_);
  text_.clear();
  last_word_.clear();
  if (text.empty()) return {};
  HF_TRY(visitor_.statement(entry_, text));
  if (is_copy_from_stdin(text)) inside_ = Inside::Rows;
  return {};
}

}  // namespace hf
