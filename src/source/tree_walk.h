// TreeWalk: everything selected below a base directory, in canonical order, looked at on a thread of its own.
//
// The thread runs ahead by at most 50 000 entries (about 300 bytes each: 15 MB), handed over 256 at a time, so that a
// lock is taken once for 256 files. It opens each directory once and calls statx once for each name: 20 000 files are
// 20 000 calls of about 2 µs. It reads extended attributes of all but files: those of a file are needed only
// when it has changed, which the consumer knows and the walk does not.
#pragma once

#include <array>
#include <map>
#include <memory>

#include "base/env.h"
#include "base/task_group.h"
#include "source/select.h"
#include "sys/entry.h"

namespace hf {

// A file that the walk leaves out: known by where it is, and by what it is, so that another name of it is found, too.
struct LeftOut {
  uint64_t parent_device = 0, parent_inode = 0;
  std::string name;
  uint64_t device = 0, inode = 0;  // 0: it is not there yet
  std::string source;              // that gives it
};

struct WalkSpec {
  std::string base;
  Selection selection;
  Excludes excludes;
  bool one_file_system = false;  // a directory on another file system than the selected one above it is not entered
  bool exclude_caches = true;    // of a directory with a CACHEDIR.TAG there is nothing but itself and the tag
  std::optional<uint64_t> file_bytes_max;
  std::vector<LeftOut> left_out;
};

struct LeftOutPath {
  std::string path, source;
};

struct WalkItem {
  Entry entry;             // without xattrs if it is a file
  std::string problem;     // names-only; the path is entry.path
  bool is_present = true;  // false: there is only a problem
};

class TreeWalk {
 public:
  TreeWalk(const Env& env, Fs& fs, WalkSpec spec);
  ~TreeWalk();

  // Begins to walk; does nothing if it was begun.
  void start();
  // The next item, valid until the call after; null at the end. Cancelled on stop. NotFound if there is no base.
  Result<WalkItem*> next(std::stop_token stop);
  // After the end: by pattern of the selection, whether anything matched it.
  const std::vector<bool>& matched() const { return matched_; }
  // After the end: what was met of spec.left_out.
  const std::vector<LeftOutPath>& left_out() const { return left_out_; }
  // Before start().
  void leave_out(LeftOut file) { spec_.left_out.push_back(std::move(file)); }

 private:
  using Batch = std::vector<WalkItem>;

  Env env_;
  Fs& fs_;
  WalkSpec spec_;
  std::vector<bool> matched_;
  std::vector<LeftOutPath> left_out_;
  BoundedQueue<Batch> batches_;
  Batch batch_;
  size_t at_ = 0;
  bool is_started_ = false, is_over_ = false;
  TaskGroup thread_;  // last: it is joined while the rest is still there
};

}  // namespace hf
