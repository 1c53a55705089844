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
          .targets = {{"directory", "A directory.", {{"path", "The directory.", Type::Text, true, {}}}}},
          .environments = {{"directory",
                            "A place on this machine.",
                            {{"base_url", "Where the service is.", Type::Text, false, {}},
                             {"env", "Variables for programs.", Type::Map, false, {}},
                             {"production", "It is in use.", Type::Flag, false, {}}}}},
          .checks = {{"http",
                      "A request.",
                      {{"http", "The path.", Type::Text, true, "/health"},
                       {"expect", "The status, or more.", Type::Text, false, {}},
                       {"expect.status", "Of the answer, the status.", Type::Count, false, {}},
                       {"expect.json", "Values in the answer.", Type::Map, false, {}},
                       {"auth", "The token that is sent.", Type::Secret, false, {}},
                       {"body", "What is sent with it.", Type::TextOrSecret, false, {}}},
                      [](const KindOptions& options) {
                        const auto path = options.find("http");
                        if (path != options.end() && path->second[0].starts_with("/")) return Status();
                        return Status(Error(Code::Invalid, "a path begins with /"));
                      }},
                     {"sql",
                      "A query.",
                      {{"sql", "The statement.", Type::Text, true, "select 1"},
                       {"on", "Whose database is asked.", Type::Source, true, {}},
                       {"tables", "Some of its tables.", Type::TextOrList, false, {}}},
                      {},
                      "sql is not executed"}}};
}

}  // namespace hf::config
