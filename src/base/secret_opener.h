// SecretOpener: from a reference to a secret to the secret, at the moment it is needed.
//
// A reference is what the operator wrote in its place: `$name` of the configuration's secrets, or on a command line
// `env:NAME` or `file:PATH`. It may be shown; what it leads to may not.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace hf {

// KeyMissing: there is none, or it is empty; Refused: its file is open to others; Invalid: that is no reference.
using SecretOpener = std::function<Result<Credential>(const std::string& reference)>;

}  // namespace hf
