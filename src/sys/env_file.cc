#include "sys/env_file.h"

#include <strings.h>

#include "sys/entry.h"
#include "sys/fs.h"

namespace hf {
namespace {

constexpr uint64_t file_bytes_max = 4 << 20;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// A value while it is put together; wiped whatever happens. It is never longer than the text it stands in, so it never
// grows out of its memory and leaves a copy behind.
class Value {
 public:
  explicit Value(size_t bytes_max) { text_.reserve(bytes_max); }
  ~Value() { explicit_bzero(text_.data(), text_.capacity()); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  void add(char c) { text_ += c; }
  void clear() {
    explicit_bzero(text_.data(), text_.capacity());
    text_.clear();
  }
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

class Parser {
 public:
  Parser(std::string_view text, const VisitVariable& visit) : text_(text), visit_(visit), value_(text.size()) {}

  Status run() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < text_.size()) HF_TRY(statement());
    return {};
  }

 private:
  bool is_end() const { return at_ == text_.size(); }
  char now() const { return is_end() ? '\n' : text_[at_]; }
  void step() {
    if (now() == '\n') ++line_;
    ++at_;
  }
  void pass_blanks() {
    while (is_blank(now())) step();
  }
  void pass_line() {
    while (now() != '\n') step();
    if (!is_end()) step();
  }
  Error wrong(size_t line, std::string what) const {
    return Error(Code::Invalid, "line " + std::to_string(line) + ": " + std::move(what));
  }

  std::string_view name() {
    const size_t begin = at_;
    while (is_name_char(now())) step();
    return text_.substr(begin, at_ - begin);
  }

  Status statement() {
    pass_blanks();
    if (now() == '\r' || now() == '\n' || now() == '#') {
      pass_line();
      return {};
    }
    const size_t line = line_;
    std::string_view variable = name();
    if (variable == "export" && is_blank(now())) {
      pass_blanks();
      variable = name();
    }
    pass_blanks();
    if (variable.empty() || now() != '=') return wrong(line, "not NAME=value");
    step();
    pass_blanks();
    value_.clear();
    const char quote = now();
    HF_TRY(quote == '\'' || quote == '"' ? quoted(quote, line) : plain());
    return visit_(variable, value_.view());
  }

  Status quoted(char quote, size_t line) {
    step();
    while (now() != quote || is_end()) {
      if (is_end()) return wrong(line, "the quote is not closed");
      if (now() == '\\' && quote == '"' && at_ + 1 < text_.size()) {
        step();
        escaped(now());
      } else {
        value_.add(now());
      }
      step();
    }
    step();
    pass_blanks();
    if (now() != '\n' && now() != '\r' && now() != '#') return wrong(line_, "something stands behind the closed quote");
    pass_line();
    return {};
  }

  void escaped(char c) {
    constexpr std::string_view letters = "nrt", meanings = "\n\r\t";
    if (const size_t at = letters.find(c); at != letters.npos) return value_.add(meanings[at]);
    // Others stay as they are, with their backslash.
    if (c != '"' && c != '\\' && c != '$' && c != '`' && c != '\n') value_.add('\\');
    if (c != '\n') value_.add(c);
  }

  Status plain() {
    const size_t begin = at_;
    size_t end = at_;
    for (; now() != '\n'; step()) {
      if (now() == '#' && (at_ == begin || is_blank(text_[at_ - 1]))) break;
      if (!is_blank(now()) && now() != '\r') end = at_ + 1;
    }
    for (const char c : text_.substr(begin, end - begin)) value_.add(c);
    pass_line();
    return {};
  }

  const std::string_view text_;
  const VisitVariable& visit_;
  Value value_;
  size_t at_ = 0, line_ = 1;
};

}  // namespace

Status parse_env_text(std::string_view text, const VisitVariable& visit) {
  return Parser(text, visit).run();
}

Status read_env_file(Fs& fs, const std::string& path, const VisitVariable& visit) {
  Bytes bytes = HF_TRY(read_whole_file(fs, path, file_bytes_max));
  Status status = parse_env_text(as_text(bytes), visit).during("read " + printable(path));
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
  return status;
}

}  // namespace hf
