// The entry of what a source makes up: a file or directory that is of no owner and of no place on this machine.
#pragma once

#include "source/source.h"

namespace hf {

// Root's, with no attributes; `mtime`: none if nothing but a change is to look like one.
Entry new_entry(Fs& fs, std::string path, FileType type, uint32_t mode, WallTime mtime = {});

}  // namespace hf
