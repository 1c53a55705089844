// Extended attributes, of an open object or of a path whose last component is not followed.
#pragma once

#include "sys/fs.h"

namespace hf {

// Sorted by name; none where the file system has none. `path` is for messages.
Result<std::vector<Xattr>> xattrs_of_fd(int fd, std::string_view path);
Result<std::vector<Xattr>> xattrs_of_link(const std::string& proc_path, std::string_view path);

}  // namespace hf
