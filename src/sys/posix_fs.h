// The real Fs: Linux 5.6 or later (openat2, renameat2, statx).
#pragma once

#include "sys/fs.h"

namespace hf {

std::unique_ptr<Fs> make_posix_fs();

}  // namespace hf
