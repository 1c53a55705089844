// Entry: one name in a tree of files, with everything but its content.
//
// Paths are bytes: relative, components joined by `/`, no empty, `.` or `..` component, no zero byte. The empty path is
// the root of the tree. Canonical order puts `/` before every other byte, so a directory is followed by all
// that is in it: the order of a walk that sorts each directory by name.
#pragma once

#include "sys/fs.h"

namespace hf {

struct Entry {
  std::string path;
  FileInfo info;              // `links` is not kept; link_group is
  std::string user, group;    // names, where the machine knew them
  std::string target;         // Symlink
  uint64_t link_group = 0;    // equal for all names of one file; 0: it has one name
  std::vector<Xattr> xattrs;  // sorted by name
  bool changed_while_read = false;
};

// Canonical order of paths: negative, zero or positive.
int compare_paths(std::string_view a, std::string_view b);
// True for a path as described above, of at most 4095 bytes, with components of at most 255.
bool is_valid_path(std::string_view path);
// Path safe to print on a terminal: control and invalid UTF-8 bytes as \xNN.
std::string printable(std::string_view path);

}  // namespace hf
