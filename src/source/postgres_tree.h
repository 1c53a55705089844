// PostgresTree: the entries of a postgres source's tree (docs/POSTGRES.md), given to a Sink.
#pragma once

#include "source/source.h"

namespace hf {

class PostgresTree {
 public:
  PostgresTree(const SourceWorld& world, Sink& sink, Previous& previous);

  Status directory(const std::string& path);
  // A file, in parts.
  Status begin(const std::string& path);
  Status data(Bytes bytes);
  Status end();
  // A file, whole.
  Status file(const std::string& path, Bytes content);

  uint64_t bytes() const { return bytes_; }  // given so far
  // Files that had much in the point before and have little now: worth a look.
  const std::vector<std::string>& shrunk() const { return shrunk_; }
  Sink& sink() { return sink_; }

 private:
  Entry make_entry(const std::string& path, FileType type, uint32_t mode) const;
  Status look_at_previous(const std::string& path);
  void ended(uint64_t size);

  const SourceWorld& world_;
  Sink& sink_;
  Previous& previous_;
  const WallTime time_;
  std::string path_;
  uint64_t size_ = 0, size_before_ = 0, bytes_ = 0;
  std::vector<std::string> shrunk_;
};

}  // namespace hf
