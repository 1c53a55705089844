// PointFiles: the files of a point's source, read where they lie in the repository.
#pragma once

#include <stop_token>
#include <unordered_map>

#include "base/named_files.h"
#include "repo/points.h"
#include "repo/repository.h"

namespace hf {

class PointFiles final : public NamedFiles {
 public:
  // All regular files at `path` and below it, by their paths in the source's tree; about 200 bytes of memory each. The
  // repository must outlive them.
  static Result<std::unique_ptr<PointFiles>> find(Repository& repository, const SourceRecord& source,
                                                  const std::string& path, std::stop_token stop);
  Result<uint64_t> size(const std::string& name) override;
  // Damage shows when it is read: Corrupt.
  Result<std::unique_ptr<NamedFile>> open(const std::string& name) override;

 private:
  struct Found {
    ContentRef content;
    uint64_t size = 0;
  };
  explicit PointFiles(ChunkReader& chunks) : chunks_(chunks) {}
  Result<const Found*> look_up(const std::string& name) const;

  ChunkReader& chunks_;
  std::unordered_map<std::string, Found> files_;
};

}  // namespace hf
