// ReadAhead: a file's blocks in order, read by a thread of their own while the ones before are used.
#pragma once

#include "base/named_files.h"
#include "base/sync.h"
#include "base/task_group.h"

namespace hf {

class ReadAhead {
 public:
  // Holds up to `blocks` blocks in memory beside the one in use. `file` must outlive it.
  ReadAhead(NamedFile& file, size_t block_bytes, size_t blocks);
  // Empty at the end of the file, and not called again after that or an error.
  Result<Bytes> next();

 private:
  Status read(NamedFile& file, size_t block_bytes, const std::stop_token& stop);

  BoundedQueue<Bytes> blocks_;
  TaskGroup reader_;  // ended before the queue goes
};

}  // namespace hf
