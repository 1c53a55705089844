// TarWriter: a tar file in pax format, as GNU tar and bsdtar read it, with all that an Entry has.
//
// Names longer than old tar allows, times to the nanosecond, extended attributes, access control lists, holes and hard
// links are kept. The same entries give the same bytes. Memory does not grow with what passes through. One thread.
#pragma once

#include <functional>
#include <memory>

#include "sys/entry.h"

namespace hf {

class TarWriter {
 public:
  struct Options {
    bool gzip = false;
  };
  // `put` gets the file's bytes as they come; its error is returned by the call that made it.
  TarWriter(Options options, std::function<Status(BytesView)> put);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // Begins an entry. `data`: the parts of a File that are not holes, in order; nothing: all of it.
  Status begin(const Entry& entry, const std::vector<DataRange>* data = nullptr);
  // Another name of a file that was given as `first`.
  Status link(const Entry& entry, const std::string& first);
  // Content of the File begun last, in order, holes as zeros; entry.info.size bytes in all.
  Status data(BytesView bytes);
  // Ends the archive.
  Status finish();

 private:
  struct Archive;
  Status header(const Entry& entry, const std::string* first, const std::vector<DataRange>* data);
  Status judge(long result);

  std::unique_ptr<Archive> archive_;
  uint64_t left_ = 0;  // of the file begun last
};

}  // namespace hf
