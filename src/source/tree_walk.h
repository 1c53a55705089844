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

struct WalkSpec {
  std::string base;
  Selection selection;
  Excludes excludes;
  bool one_file_system = false;  // a directory on another file system than the selected one above it is not entered
  bool exclude_caches = true;    // of a directory with a CACHEDIR.TAG there is nothing but itself and the tag
  std::optional<uint64_t> file_bytes_max;
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

 private:
  using Batch = std::vector<WalkItem>;

  Env env_;
  Fs& fs_;
  const WalkSpec spec_;
  std::vector<bool> matched_;
  BoundedQueue<Batch> batches_;
  Batch batch_;
  size_t at_ = 0;
  bool is_started_ = false, is_over_ = false;
  TaskGroup thread_;  // last: it is joined while the rest is still there
};

}  // namespace hf
