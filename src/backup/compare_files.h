// CompareFiles: restored files held against the repository's bytes, part by part.
#pragma once

#include <unordered_map>

#include "backup/delivery.h"
#include "sys/entry.h"

namespace hf {

// With a directory: compares with the files there. Without: only counts what came, each part checked against its id on
// the way.
class CompareFiles final : public DeliverySink {
 public:
  explicit CompareFiles(Directory* root) : root_(root) {}

  // A file to compare. Its number for Delivery::add. With `digest` the whole is held against that, too, when all of it
  // has come.
  size_t add(const Entry& entry, const std::optional<ContentDigest>& digest);

  Status bytes(size_t file, uint64_t offset, BytesView bytes) override;
  Status gap(size_t file, ExtentKind kind, uint64_t offset, uint64_t length) override;
  void failed(size_t file, uint64_t length, const Error& error) override;

  uint64_t bytes_equal() const { return bytes_equal_; }
  uint64_t difference_count();
  std::vector<std::string> differences();  // the first 20, each naming its file

 private:
  struct Comparing {
    std::mutex mutex;
    std::string path;
    std::unique_ptr<File> file;
    uint64_t size = 0;
    std::atomic<uint64_t> left{0};
    bool differs = false;
    std::optional<ContentDigest> digest;
    std::vector<DataRange> gaps;  // in order; kept where there is a digest
  };
  struct Found {
    uint64_t count = 0;
    std::vector<std::string> first;
  };
  Status compare(Comparing& comparing, uint64_t offset, BytesView bytes);
  void differ(Comparing& comparing, const std::string& how);
  Status done(size_t file, Comparing& comparing, uint64_t length);
  Status compare_digest(Comparing& comparing);
  Comparing& find(size_t file);

  Directory* root_;
  Guarded<std::unordered_map<size_t, std::unique_ptr<Comparing>>> comparing_;
  Guarded<Found> found_;
  size_t next_ = 0;
  std::atomic<uint64_t> bytes_equal_{0};
};

}  // namespace hf
