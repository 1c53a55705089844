// The answer of a database to one SQL statement, as far as checks look at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hf {

struct QueryAnswer {
  uint64_t rows = 0;
  std::optional<std::string> value;  // the first column of the first row, as text; nothing: null, or no row
};

}  // namespace hf
