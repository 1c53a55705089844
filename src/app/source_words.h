// Sources named on the command line: `files:/srv/uploads`, `sqlite:/srv/app.db`, `command:pg_dump shop`.
//
// Each gets a name from what it is: the last component of a path, the program of a command; made unique with -2, -3, …
#pragma once

#include <string>
#include <vector>

#include "source/source.h"

namespace hf {

struct PlannedSource {
  std::string name, kind;
  SourceOptions options;
};

// True if the word begins with the name of a kind and a colon.
bool is_source_word(std::string_view word, const std::vector<SourceKind>& kinds);
// Invalid, with the kinds there are as hint. The same word twice counts once.
Result<std::vector<PlannedSource>> plan_sources(const std::vector<std::string>& words,
                                                const std::vector<SourceKind>& kinds, Fs& fs);
// The source's name before it is made unique. `path_or_program`: absolute where it is a path.
std::string source_name(std::string_view path_or_program);
// "uploads", "uploads-2", … whichever is not taken yet.
std::string unique_name(const std::string& name, const std::vector<PlannedSource>& taken);

}  // namespace hf
