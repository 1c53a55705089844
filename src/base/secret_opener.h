// SecretOpener: from a reference to a secret to the secret, at the moment it is needed.
//
// A reference is what the operator wrote in its place: `$name` of the configuration's secrets, or on a command line
// `env:NAME` or `file:PATH`. It may be shown; what it leads to may not.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace hf {

// KeyMissing: there is none, or it is empty; Refused: its file is open to others; Invalid: that is no reference.
using SecretOpener = std::function<Result<Credential>(const std::string& reference)>;

// Whether a text that may be a secret's reference or a plain value is the former.
inline bool is_secret_reference(std::string_view text) {
  return text.starts_with("$") || text.starts_with("env:") || text.starts_with("file:");
}

}  // namespace hf
