// ScratchDirectory: a new directory of a name that nobody else has, removed with all that is in it.
//
// It records which process made it. So what a killed run left behind is known for sure, and the next one of the same
// kind in the same place removes it; what belongs to a process that may still run, or is not known to be ours, stays.
#pragma once

#include <functional>

#include "base/env.h"
#include "sys/fs.h"

namespace hf {

class ScratchDirectory {
 public:
  // What must be done before a directory that was left behind is removed. An error: it is left alone.
  using Release = std::function<Status(const std::string& path)>;

  // Makes `<parent>/<prefix><random>`, mode 0700, once what dead processes left under such names is removed. What
  // cannot be removed of that is passed over: it is another's problem, and the next run's.
  static Result<ScratchDirectory> make(Env env, Fs& fs, const std::string& parent, const std::string& prefix,
                                       const Release& release = {});
  ScratchDirectory(ScratchDirectory&&) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  // Removes it, if remove() has not; a failure then stays unseen, and the next run tries again.
  ~ScratchDirectory();

  const std::string& path() const { return path_; }  // absolute
  // Tries for some seconds: processes that are ending may still write there.
  Status remove();

 private:
  ScratchDirectory(Env env, std::unique_ptr<Directory> parent, std::string path, std::string name)
      : env_(env), parent_(std::move(parent)), path_(std::move(path)), name_(std::move(name)) {}

  Env env_;
  std::unique_ptr<Directory> parent_;  // null once it is removed
  std::string path_, name_;
};

}  // namespace hf
