// Exit codes: what a script learns from the program without reading a word; docs/CLI.md lists them.
#pragma once

#include <string_view>

#include "base/result.h"

namespace hf {

enum class Exit : int {
  Done = 0,
  Failed = 1,
  Usage = 2,
  Partial = 3,  // done, but some source data is unread
  Missed = 4,   // done, but short of what was promised: a copy lags or is out of reach
  VerifyFailed = 5,
  Refused = 7,       // by a safety rule
  NotFound = 10,     // no such repository, point, set or name
  Held = 11,         // by another run
  Key = 12,          // missing, wrong, expired, or a signature invalid
  Unreachable = 13,  // a retry is useful
  Interrupted = 130,
  Terminated = 143,
};

// `terminated`: the request to stop was SIGTERM.
Exit exit_code(Code code, bool terminated = false);
// For programs: "key_missing".
std::string_view name_of(Code code);
std::string_view describe(Exit exit);

}  // namespace hf
