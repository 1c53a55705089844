// File over a descriptor.
#pragma once

#include "sys/posix_calls.h"

namespace hf {

// `path` is for messages.
std::unique_ptr<File> make_posix_file(Fd fd, std::string_view path);

}  // namespace hf
