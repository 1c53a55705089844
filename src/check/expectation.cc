#include "check/expectation.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace hf {
namespace {

// A clock that is this much ahead is told apart from data that claims to be from the future.
constexpr Duration ahead_max = std::chrono::minutes(5);

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Takes `word` and the space behind it, if it is a whole word.
bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  const std::string_view rest = text.substr(word.size());
  if (rest.empty() || (rest[0] != ' ' && rest[0] != '=' && rest[0] != '!' && rest[0] != '<' && rest[0] != '>'))
    return false;
  text = trimmed(rest);
  return true;
}

std::string_view unquoted(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0];
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::optional<double> read_number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.+-eE") != text.npos) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<WallTime> read_database_time(std::string_view text) {
  text = trimmed(text);
  if (const std::optional<double> number = read_number(text)) {
    // 1e11 seconds are the year 5138, 1e11 milliseconds 1973.
    const double magnitude = std::abs(*number);
    const double seconds = magnitude < 1e11 ? *number : magnitude < 1e14 ? *number / 1e3 : *number / 1e6;
    if (std::abs(seconds) > 9e9) return std::nullopt;
    return WallTime(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
  }
  std::string written(text);
  // PostgreSQL leaves out the minutes of a zone that has none.
  const size_t zone = written.find_last_of("+-");
  if (zone != written.npos && zone > 10 && written.size() - zone == 3) written += ":00";
  const Result<WallTime> time = parse_time(written);
  if (!time.ok()) return std::nullopt;
  return time.value();
}

Result<Expectation> Expectation::parse(std::string_view text) {
  Expectation made;
  text = trimmed(text);
  if (take_word(text, "rows"))
    made.of_ = Of::Rows;
  else if (take_word(text, "age"))
    made.of_ = Of::Age;
  constexpr std::array<std::pair<std::string_view, Operator>, 7> signs{{{"<=", Operator::AtMost},
                                                                        {">=", Operator::AtLeast},
                                                                        {"!=", Operator::NotEqual},
                                                                        {"==", Operator::Equal},
                                                                        {"<", Operator::Less},
                                                                        {">", Operator::More},
                                                                        {"=", Operator::Equal}}};
  bool has_sign = false;
  for (const auto& [sign, meaning] : signs) {
    if (!text.starts_with(sign)) continue;
    made.operator_ = meaning;
    text = trimmed(text.substr(sign.size()));
    has_sign = true;
    break;
  }
  if (text.empty() || (made.of_ != Of::Value && !has_sign))
    return Error(Code::Invalid, "an expectation is written as \">= 1\", \"= 0\", \"rows >= 1\" or \"age <= rpo\"");
  made.text_ = unquoted(text);
  if (made.text_.size() == text.size()) made.number_ = read_number(text);
  if (made.of_ == Of::Age) {
    made.is_rpo_ = text == "rpo";
    if (!made.is_rpo_) made.span_ = HF_TRY(parse_duration(text).during("an age"));
    if (made.operator_ == Operator::Equal || made.operator_ == Operator::NotEqual)
      return Error(Code::Invalid, "an age is compared by <, <=, > or >=");
  } else if (!made.number_ &&
             (made.of_ == Of::Rows || (made.operator_ != Operator::Equal && made.operator_ != Operator::NotEqual))) {
    return Error(Code::Invalid, "what is greater or less than something is a number");
  }
  return made;
}

template <typename T>
bool Expectation::compare(const T& a, const T& b) const {
  switch (operator_) {
    case Operator::Equal:
      return a == b;
    case Operator::NotEqual:
      return a != b;
    case Operator::Less:
      return a < b;
    case Operator::AtMost:
      return a <= b;
    case Operator::More:
      return a > b;
    case Operator::AtLeast:
      return a >= b;
  }
  return false;
}

bool Expectation::holds(std::string_view value) const {
  if (number_) {
    const std::optional<double> number = read_number(trimmed(value));
    if (number) return compare(*number, *number_);
    return operator_ == Operator::NotEqual;
  }
  return (value == text_) == (operator_ == Operator::Equal);
}

std::string Expectation::shown() const {
  constexpr std::array<std::string_view, 6> signs{"", "other than ", "< ", "<= ", "> ", ">= "};
  const std::string sign(signs[static_cast<size_t>(operator_)]);
  if (of_ == Of::Age) return sign + (is_rpo_ ? "the RPO" : format_span(span_));
  return sign + text_;
}

Expectation::Judgement Expectation::judge_age(const QueryAnswer& answer, WallTime now, Duration limit) const {
  const std::optional<WallTime> time = read_database_time(*answer.value);
  if (!time) return {false, "the value is not a time"};
  const Duration age = now - *time;
  if (age < -ahead_max) return {false, "the time lies " + format_duration(-age) + " ahead of the data's own"};
  const std::string is = "the age is " + format_duration(std::max(age, Duration::zero()));
  if (compare(age, limit)) return {true, is};
  return {false, is + ", expected " + shown() + (is_rpo_ ? " of " + format_span(limit) : "")};
}

Expectation::Judgement Expectation::judge(const QueryAnswer& answer, WallTime now, std::optional<Duration> rpo) const {
  if (of_ == Of::Rows) {
    const std::string is = format_count(answer.rows, "row", "rows");
    if (compare(static_cast<double>(answer.rows), *number_)) return {true, is};
    return {false, is + ", expected " + shown()};
  }
  if (answer.rows == 0) return {false, "no rows"};
  if (!answer.value) return {false, "the value is null"};
  if (of_ == Of::Age) {
    HF_ASSERT(!is_rpo_ || rpo.has_value());
    return judge_age(answer, now, is_rpo_ ? *rpo : span_);
  }
  const bool is_number = read_number(*answer.value).has_value();
  if (holds(*answer.value)) return {true, is_number ? "the value is " + *answer.value : "the value is as expected"};
  return {false, (is_number ? "the value is " + *answer.value : "the value is another") + ", expected " + shown()};
}

}  // namespace hf
