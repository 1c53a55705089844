// Env files: NAME=value lines, as dotenv and the shell read them: for what their names tell, never to show a value.
//
// `export` before a name, blank lines and comments (# at the beginning of a line, or after a space behind an unquoted
// value) are allowed. A value in '…' is taken as it stands, in "…" with the escapes \n \r \t \" \\ \$; both may go over
// several lines. Nothing is expanded. Names are letters, digits and _ . - ; a byte-order mark is passed over.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hf {

class Fs;

// The value is wiped when it returns.
using VisitVariable = std::function<Status(std::string_view name, std::string_view value)>;

// Calls `visit` for each, in the order of the text. Invalid names the line, and nothing of what stands there.
Status parse_env_text(std::string_view text, const VisitVariable& visit);
// The same of a file, whose bytes are wiped. Corrupt: larger than 4 MiB.
Status read_env_file(Fs& fs, const std::string& path, const VisitVariable& visit);

}  // namespace hf
