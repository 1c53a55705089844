#include "source/new_entry.h"

namespace hf {

Entry new_entry(Fs& fs, std::string path, FileType type, uint32_t mode, WallTime mtime) {
  Entry entry;
  entry.path = std::move(path);
  entry.info.type = type;
  entry.info.mode = mode;
  entry.info.mtime = mtime;
  entry.user = fs.user_name(0);
  entry.group = fs.group_name(0);
  return entry;
}

}  // namespace hf
