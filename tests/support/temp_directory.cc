#include "support/temp_directory.h"

#include <stdlib.h>

#include <filesystem>

#include "base/result.h"

namespace hf {

TempDirectory::TempDirectory() : path_((std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string()) {
  HF_ASSERT(mkdtemp(path_.data()) != nullptr);
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  // A test may have taken its own right to look into a directory.
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (auto at = std::filesystem::recursive_directory_iterator(path_, options, ignored);
       at != std::filesystem::recursive_directory_iterator(); at.increment(ignored)) {
    if (at->is_directory(ignored) && !at->is_symlink(ignored))
      std::filesystem::permissions(at->path(), std::filesystem::perms::owner_all, std::filesystem::perm_options::add,
                                   ignored);
  }
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace hf
