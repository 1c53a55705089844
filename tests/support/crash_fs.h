// CrashFs: a file system in memory that knows what a power loss would take.
//
// The model is a disk with a journal of names and none of data. What is in a file is certain once its sync() returned;
// before, each 512-byte sector may hold what was written or what was there before, and the size may be either. A change
// of names is certain once a sync() of a directory it touches returned; before, it may be lost, but then all later
// changes that touch the same directories are lost too. sync_all() makes everything certain.
// It has files and directories only; the rest is Unsupported. Files and directories must not outlive their CrashFs.
#pragma once

#include <map>
#include <set>

#include "support/faulty_fs.h"
#include "support/seeded_entropy.h"

namespace hf {

class CrashFs final : public Fs {
 public:
  explicit CrashFs(Clock& clock);
  ~CrashFs() override;

  CallFaults& faults() { return faults_; }

  // What a machine finds after the power came back; `chance` decides what was lost.
  std::unique_ptr<CrashFs> crash(SeededEntropy& chance) const;
  // Bytes that can still be written: less than asked for is "no space left".
  void set_space(uint64_t bytes);

  Result<std::unique_ptr<Directory>> open_directory(const std::string& path) override;
  Result<std::unique_ptr<Directory>> create_directories(const std::string& path, uint32_t mode) override;
  Result<std::string> absolute(const std::string& path) override { return path; }
  std::string user_name(uint32_t) override { return ""; }
  std::string group_name(uint32_t) override { return ""; }
  std::optional<uint32_t> user_id(const std::string&) override { return std::nullopt; }
  std::optional<uint32_t> group_id(const std::string&) override { return std::nullopt; }

 private:
  friend class CrashFile;
  friend class CrashDirectory;
  class Disk;

  const std::unique_ptr<Disk> disk_;
  mutable CallFaults faults_;
};

}  // namespace hf
