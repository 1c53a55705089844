// One SQL statement to a database, and its answer as far as checks look at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hf {

struct Query {
  std::string sql;
  std::string database;  // of a server that has several; "": the only one, or the one that is connected to
};

struct QueryAnswer {
  uint64_t rows = 0;
  std::optional<std::string> value;  // the first column of the first row, as text; nothing: null, or no row
};

}  // namespace hf
