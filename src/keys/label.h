// Labels that people give to keys and signers: shown in lists and errors, so they are plain text.
#pragma once

#include <string_view>

namespace hf {

// At most 1024 bytes of well-formed UTF-8 without control characters.
bool is_plain_label(std::string_view label);

}  // namespace hf
