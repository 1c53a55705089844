// Terminal: the two streams the program writes and the person it may ask.
//
// A person is asked only where standard input and standard error are a terminal; scripts never hang on a question.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace hf {

class Terminal {
 public:
  virtual ~Terminal() = default;
  virtual Status write(BytesView bytes) = 0;  // standard output, buffered
  virtual Status flush() = 0;
  virtual void write_error(std::string_view text) = 0;  // standard error, at once; safe from several threads
  virtual bool is_interactive() const = 0;              // somebody can be asked
  virtual bool shows_progress() const = 0;              // standard error is a terminal
  virtual size_t columns() const = 0;                   // of standard error

  // Cancelled when `stop` is requested meanwhile. Requires: is_interactive().
  virtual Result<Passphrase> ask_secret(std::string_view question, std::stop_token stop) = 0;
  virtual Result<std::string> ask_line(std::string_view question, std::stop_token stop) = 0;
  // Everything that comes from an open descriptor (0: standard input). Invalid if it is more than `size_max`.
  virtual Result<Passphrase> read_secret(int descriptor, size_t size_max) = 0;
  // The next bytes of standard input; 0 at its end.
  virtual Result<size_t> read(BytesSpan out) = 0;
};

std::unique_ptr<Terminal> make_real_terminal();

}  // namespace hf
