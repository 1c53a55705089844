// FileReader: the content of one file into a Sink, as truthfully as a file that others write to can be read.
//
// A file that changes while it is read is given as it was found, marked, and reported: the point becomes partial.
#pragma once

#include "source/source.h"

namespace hf {

class FileReader {
 public:
  FileReader(const Env& env, Directory& base, Sink& sink) : env_(env), base_(base), sink_(sink) {}

  // Gives the file that the walk found as `entry`, or a problem. An error is the sink's, or Cancelled.
  Status give(Entry entry, std::stop_token stop);

 private:
  Status give_small(Entry entry, FileInfo before, File& file);
  Status give_large(Entry entry, const FileInfo& before, File& file, std::stop_token stop);
  // Gives [begin, end); the offset it came to, which is less if the file ended before.
  Result<uint64_t> give_range(File& file, uint64_t begin, uint64_t end, std::stop_token stop);
  Result<uint64_t> give_content(File& file, const FileInfo& info, std::stop_token stop);
  // Whether the file is still as `before`; an unreadable one is not.
  bool is_same(File& file, const FileInfo& before) const;
  // Makes what is known of the open file the entry's, and returns it as it is: the entry's ctime may be withheld.
  Result<FileInfo> refresh(Entry& entry, File& file);
  void report(const std::string& path, const Error& error);

  Env env_;
  Directory& base_;
  Sink& sink_;
  std::optional<Error> read_error_;  // of the file at hand
};

}  // namespace hf
