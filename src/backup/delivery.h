// Delivery: the bytes of many files, each record of the repository read and opened once for all that need it.
//
// Files are asked for in tree order; what they need is gathered over a window, sorted out by record, and opened by
// several workers, so that thousands of small files cost one decompression per group and a large file uses every core.
// Memory: one record a worker (at most 8 MiB) and the window's list. A record that is damaged fails the files that need
// it, by name, and no others.
#pragma once

#include <map>

#include "base/task_group.h"
#include "repo/content.h"
#include "repo/repository.h"

namespace hf {

// Called from the workers, several at once, for different parts. `file` is the number given to Delivery::add.
class DeliverySink {
 public:
  virtual ~DeliverySink() = default;
  virtual Status bytes(size_t file, uint64_t offset, BytesView bytes) = 0;  // an error fails the whole delivery
  virtual Status gap(size_t file, ExtentKind kind, uint64_t offset,
                     uint64_t length) = 0;                                    // on the thread that calls add()
  virtual void failed(size_t file, uint64_t length, const Error& error) = 0;  // that many bytes will not come
};

class Delivery {
 public:
  Delivery(Repository& repository, ChunkReader& chunks, DeliverySink& sink, unsigned workers);
  // Asks for all of a file's bytes. Cancelled once a worker has failed: finish() tells why.
  Status add(size_t file, uint64_t size, const ContentRef& content);
  Status finish();

 private:
  struct Want {
    size_t file;
    uint64_t file_offset;
    uint32_t offset, length;  // in the record
  };
  struct Job {
    RecordRef record;
    std::vector<Want> wants;
  };
  Status want(size_t file, uint64_t file_offset, const ChunkId& id, uint32_t offset, uint64_t length);
  Status send_window();
  Status work(std::stop_token stop);

  Repository& repository_;
  ChunkReader& chunks_;
  DeliverySink& sink_;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<Want>> window_;  // by pack and record
  uint64_t window_bytes_ = 0;
  size_t window_wants_ = 0;
  BoundedQueue<Job> jobs_{16};
  TaskGroup tasks_;
};

}  // namespace hf
