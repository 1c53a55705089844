// Result<T>: a value, or the Error that says why there is none.
//
// A function returns Result when it can fail for a reason outside this program:
// a disk, a network, a peer, an operator. A mistake of ours is not a Result: it
// is HF_ASSERT, which stops the process in every build type.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#define HF_ASSERT(cond)                                                                 \
  do {                                                                                  \
    if (!(cond)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #cond); \
      std::abort();                                                                     \
    }                                                                                   \
  } while (0)

namespace hf {

// Named after what the caller may do next, not after where it went wrong.
enum class Code : unsigned char {
  NotFound,     // the thing is not there: often not an error for the caller
  Exists,       // somebody was first: read theirs
  Unavailable,  // try again later: the only code that Retry retries
  Timeout,      // the budget is spent: do not retry, report
  Denied,       // credentials or policy: an operator must act
  Corrupt,      // bytes are not what was written: use another copy, raise an alert
  Invalid,      // the request or the configuration is wrong: fix it
  Unsupported,  // this kind cannot do that: choose another way
  Cancelled,    // we were asked to stop: unwind quietly
  KeyMissing,   // no key at hand opens this, or a signature is not by a trusted signer
  Refused,      // a safety rule says no: a person must decide
  Held,         // another run holds it: wait for it
  Failed,       // none of the above: report it
};

// Text in an Error consists of names chosen by us or by the operator. What a server or a child
// process said goes to detail(), which reports and tickets never show (names-only).
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string what) : body_(std::make_unique<Body>()) {
    body_->code = code;
    body_->trail.push_back(std::move(what));
  }

  Code code() const { return body_->code; }
  const std::string& detail() const { return body_->detail; }

  Error with_detail(std::string untrusted) && {
    body_->detail = std::move(untrusted);
    return std::move(*this);
  }

  // The command or change that mends it, for a person: "hint: …".
  Error with_hint(std::string text) && {
    body_->hint = std::move(text);
    return std::move(*this);
  }
  const std::string& hint() const { return body_->hint; }

  // A copy, for the rare case of one failure reported in two places.
  Error clone() const {
    Error copy(body_->code, "");
    *copy.body_ = *body_;
    return copy;
  }

  // Says what we were doing when it happened; the cause stays innermost.
  Error during(std::string doing) && {
    body_->trail.push_back(std::move(doing));
    return std::move(*this);
  }

  std::string message() const {
    std::string text;
    for (auto it = body_->trail.rbegin(); it != body_->trail.rend(); ++it) {
      if (!text.empty()) text += ": ";
      text += *it;
    }
    return text;
  }

 private:
  struct Body {
    Code code;
    std::vector<std::string> trail;
    std::string detail;
    std::string hint;
  };
  std::unique_ptr<Body> body_;  // boxed: a Result<T> costs one pointer more than T
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // So that a unique_ptr<Impl> can be returned as a unique_ptr<Interface>.
  template <typename U>
  requires(std::is_convertible_v<U, T> && !std::is_same_v<U, T>) Result(U value)
      : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  T& value() & {
    HF_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    HF_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T value() && {  // by value: a reference into a temporary would dangle in a range-for
    HF_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  const Error& error() const& {
    HF_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    HF_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

  Result during(std::string doing) && {
    if (ok()) return std::move(*this);
    return std::move(*this).error().during(std::move(doing));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  void value() const { HF_ASSERT(ok()); }
  const Error& error() const& {
    HF_ASSERT(!ok());
    return *error_;
  }
  Error&& error() && {
    HF_ASSERT(!ok());
    return std::move(*error_);
  }

  Result during(std::string doing) && {
    if (ok()) return {};
    return std::move(*this).error().during(std::move(doing));
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace hf

// Yields the value, or returns the error from the enclosing function.
#define HF_TRY(expr)                                      \
  __extension__({                                         \
    auto hf_try_ = (expr);                                \
    if (!hf_try_.ok()) return std::move(hf_try_).error(); \
    std::move(hf_try_).value();                           \
  })
