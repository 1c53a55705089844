// Child programs of checks: their environment, and their output as far as it is looked at.
#pragma once

#include "check/check.h"

namespace hf {

struct ChildSpec {
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  // `$name` is a secret
  std::string directory;
  std::string source;    // whose variables it gets; "": of what is judged in general
  std::string database;  // which one of its databases they lead to
};

struct ChildEnd {
  int status = 0;
  std::string output;  // standard output, then standard error; of too much, the beginning and the end; no secrets
};

// Errors: of starting it, of the secrets, Timeout, Cancelled.
Result<ChildEnd> run_child(const ChildSpec& spec, const CheckWorld& world, const Deadline& deadline,
                           const std::stop_token& stop);

// A secret on its way to somebody else; wiped.
class Revealed {
 public:
  explicit Revealed(const Credential& secret);
  ~Revealed();
  Revealed(const Revealed&) = delete;
  Revealed& operator=(const Revealed&) = delete;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace hf
