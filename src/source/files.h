// The `files` kind: directories, files and globs of the local file system.
//
// Of one path that is a directory, that directory is the root of the tree; else the root is the longest directory
// common to all paths. A file is not read again if its size, mtime, ctime and inode are those of the point before.
#pragma once

#include "source/source.h"

namespace hf {

SourceKind files_source_kind();

}  // namespace hf
