// Removing a directory with all that is in it, links not followed.
#pragma once

#include "sys/fs.h"

namespace hf {

inline Status remove_tree(Directory& root, const std::string& path) {
  {
    const std::unique_ptr<Directory> directory = HF_TRY(root.open_directory(path));
    for (const DirectoryEntry& child : HF_TRY(directory->entries())) {
      if (HF_TRY(directory->info(child.name)).type == FileType::Directory)
        HF_TRY(remove_tree(*directory, child.name));
      else
        HF_TRY(directory->remove(child.name));
    }
  }
  return root.remove_directory(path);
}

}  // namespace hf
