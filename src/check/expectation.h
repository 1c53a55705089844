// Expectation: what a value, a number of rows or an age should be: `>= 1`, `= 0`, `rows = 3`, `age <= rpo`, `done`.
//
// An operator is one of = != < <= > >=; none means equal. What follows is a number, text (quotes around it are taken
// off), and after `age` a duration or `rpo`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/query.h"
#include "base/result.h"

namespace hf {

class Expectation {
 public:
  static Result<Expectation> parse(std::string_view text);

  bool needs_rpo() const { return is_rpo_; }
  // Whether a single value is as expected. Requires: it asks neither for rows nor for an age.
  bool holds(std::string_view value) const;

  struct Judgement {
    bool holds = false;
    std::string message;  // names only: a value is told only if it is a number
  };
  // `now`: the moment that ages count back from. Requires: `rpo` is given if needs_rpo().
  Judgement judge(const QueryAnswer& answer, WallTime now, std::optional<Duration> rpo) const;
  bool is_value() const { return of_ == Of::Value; }

 private:
  enum class Of : uint8_t { Value, Rows, Age };
  enum class Operator : uint8_t { Equal, NotEqual, Less, AtMost, More, AtLeast };

  template <typename T>
  bool compare(const T& a, const T& b) const;
  Judgement judge_age(const QueryAnswer& answer, WallTime now, Duration limit) const;
  std::string shown() const;  // ">= 1", for messages

  Of of_ = Of::Value;
  Operator operator_ = Operator::Equal;
  std::string text_;
  std::optional<double> number_;
  Duration span_{};
  bool is_rpo_ = false;
};

// As databases write a moment: RFC 3339, "2026-11-21 02:00:00.123+00", or seconds, milliseconds or microseconds since
// 1970.
std::optional<WallTime> read_database_time(std::string_view text);
// All of `text` as a number.
std::optional<double> read_number(std::string_view text);

}  // namespace hf
