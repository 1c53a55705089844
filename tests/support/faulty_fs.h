// CallFaults: which of a sequence of calls fails, and how. FaultyFs: a real Fs whose calls, and those of its files and
// directories, fail so.
//
// To see every way a sequence can fail: run it once, read calls(), then run it once for each number with
// fail_at(number).
#pragma once

#include <mutex>

#include "sys/fs.h"

namespace hf {

class CallFaults {
 public:
  // The call of this number, from 1, fails with this error and has no effect.
  void fail_at(uint64_t number, Code code, std::string text);
  // All calls after this number fail and have no effect, as if the program had been killed there.
  void stop_after(uint64_t number);
  void heal();  // no fault any more; goes on counting
  void restart_count();
  uint64_t calls() const;

  // Counts a call; the error if it is to fail. For the implementations of Fs.
  Status next(const char* doing);

 private:
  mutable std::mutex mutex_;
  uint64_t calls_ = 0;
  uint64_t fail_at_ = 0;  // 0: none
  uint64_t stop_after_ = UINT64_MAX;
  Code code_ = Code::Failed;
  std::string text_;
};

class FaultyFs final : public Fs {
 public:
  explicit FaultyFs(Fs& real) : real_(real) {}
  CallFaults& faults() { return faults_; }

  Result<std::unique_ptr<Directory>> open_directory(const std::string& path) override;
  Result<std::unique_ptr<Directory>> create_directories(const std::string& path, uint32_t mode) override;
  Result<std::string> absolute(const std::string& path) override { return real_.absolute(path); }
  std::string user_name(uint32_t uid) override { return real_.user_name(uid); }
  std::string group_name(uint32_t gid) override { return real_.group_name(gid); }
  std::optional<uint32_t> user_id(const std::string& name) override { return real_.user_id(name); }
  std::optional<uint32_t> group_id(const std::string& name) override { return real_.group_id(name); }

 private:
  Fs& real_;
  CallFaults faults_;
};

}  // namespace hf
