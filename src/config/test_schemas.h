// Kinds for the tests of this module: one option of each type.
#pragma once

#include "config/config.h"

namespace hf::config {

inline Schemas test_schemas() {
  using Type = KindOption::Type;
  return {.sources = {{"files",
                       "Files and directories.",
                       {{"paths", "What to protect.", Type::TextList, true, {}},
                        {"exclude", "Patterns of what to leave out.", Type::TextList, false, {}},
                        {"one_file_system", "Stay on the file system of each path.", Type::Flag, false, {}},
                        {"big", "From which size a file is big.", Type::Size, false, {}}}},
                      {"sqlite",
                       "A SQLite database.",
                       {{"path", "The database.", Type::Text, true, "/srv/app.db"},
                        {"wait", "For locks | at most.", Type::Span, false, {}}}}},
          .targets = {{"directory", "A directory.", {{"path", "The directory.", Type::Text, true, {}}}}}};
}

}  // namespace hf::config
