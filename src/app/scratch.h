// Where a verb puts what it must have on disk for a while.
#pragma once

#include "app/program.h"

namespace hf {

// `path`, else $TMPDIR, else /tmp. Invalid: it cannot be used.
Result<std::string> scratch_directory(Context& context, std::string path);

}  // namespace hf
