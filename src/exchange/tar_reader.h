// TarReader: entries of a tar file, plain or compressed with gzip, xz, zstd or bzip2, in the order of the file.
//
// What is read is not trusted. Paths come out as sys/entry.h wants them; an absolute path, one with `..`, and a hard
// link to such are refused, and nothing here touches a file system. One thread.
#pragma once

#include <functional>
#include <memory>

#include "base/byte_range.h"
#include "sys/entry.h"

namespace hf {

struct TarItem {
  Entry entry;            // link_group 0; "" is the root
  std::string hard_link;  // another name of that file; "": of none
};

class TarReader {
 public:
  // Corrupt: it is no tar file.
  static Result<std::unique_ptr<TarReader>> open(ByteRange file);
  ~TarReader();

  // The next entry, valid until the call after; null at the end. Corrupt for a damaged file; Refused for a name that
  // leads elsewhere.
  Result<const TarItem*> next();
  // The content of that entry: blocks with the offset each belongs at, in order; what is not given is a hole.
  Status data(const std::function<Status(uint64_t offset, BytesView)>& take);

 private:
  struct Archive;
  TarReader();
  Error damaged();

  std::unique_ptr<Archive> archive_;
  TarItem item_;
};

}  // namespace hf
