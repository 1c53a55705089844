// SegmentCache: the segments of a repository's index that this machine keeps on its disk, decoded.
//
// One file a segment, under the segment's name: its bytes, then the MAC of segment_scan.h. It may be deleted, cut short
// or lie at any time: whoever opens a file here authenticates it. So nothing is synced, and nothing that goes wrong
// here fails a run: what cannot be kept on the disk stays in memory. Several processes may share the directory.
// Safe to use from several threads. It outlives what it gave.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_set>

#include "base/env.h"
#include "repo/segment_scan.h"

namespace hf {

class SegmentCache {
 public:
  // `directory` is made when it is first needed. "": everything stays in memory.
  SegmentCache(Env env, Fs& fs, std::string directory) : env_(env), fs_(fs), directory_(std::move(directory)) {}

  struct Kept {
    std::unique_ptr<SegmentBytes> bytes;
    SegmentMac mac{};
  };
  // What is there under the segment's name, believed in nothing yet.
  Result<Kept> open(const std::string& segment);
  // In a file of that name, whole or not at all, or in memory.
  std::unique_ptr<SegmentBytes> keep(const std::string& segment, Bytes plain, const SegmentMac& mac);
  // The same in a file that has no name any more: for what no object in the store holds.
  std::unique_ptr<SegmentBytes> keep_unnamed(Bytes plain);
  void remove(const std::string& segment);
  // Removes all others, and what interrupted runs left.
  void keep_only(const std::unordered_set<std::string>& segments);

 private:
  Result<Directory*> directory();
  Result<std::unique_ptr<File>> write(Directory& directory, const std::string& name, BytesView plain, BytesView mac);
  Result<std::unique_ptr<SegmentBytes>> try_keep(const std::string& segment, BytesView plain, BytesView mac);
  std::unique_ptr<SegmentBytes> hold(Directory& directory, const std::string& name, std::unique_ptr<File> file,
                                     uint64_t size);

  Env env_;
  Fs& fs_;
  const std::string directory_;
  std::mutex mutex_;
  std::unique_ptr<Directory> opened_;
  std::atomic<unsigned> held_{0};  // files that stay open
};

}  // namespace hf
