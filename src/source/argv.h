// One line of text as an argument vector, without a shell.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hf {

// Words parted by blanks; '…' and "…" quote, a backslash takes the next character as it is (within "…" only `"`
// and `\`).
// Invalid for what only a shell would understand (| > < & ; $ ` ( ) * ? unquoted) and for an open quote.
Result<std::vector<std::string>> split_argv(std::string_view text);

}  // namespace hf
