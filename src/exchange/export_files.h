// ExportFiles: which files a point becomes when it is exported, and how the bytes of each are made.
//
// postgres: a database becomes an archive that pg_restore reads, `postgres.dump`, or `SOURCE.dump` where the point has
// several postgres sources, with the database between if a source has several; roles become `globals.sql` or
// `SOURCE.globals.sql`. files: `SOURCE.tar.gz`. sqlite: the database under its own name. Other kinds: their files in
// the directory `SOURCE`. A name that is taken gets -2, -3, … before its first dot.
#pragma once

#include "exchange/export_manifest.h"
#include "repo/points.h"

namespace hf {

using Put = std::function<Status(BytesView)>;

class ExportFile {
 public:
  virtual ~ExportFile() = default;
  // The same bytes each time.
  virtual Status write(const Put& put) = 0;
  // Where it is known without writing.
  virtual std::optional<uint64_t> size() const { return std::nullopt; }
  // After write(): what its first bytes are to be in the end; empty: as they were written.
  virtual Bytes beginning() const { return {}; }

  ExportedFile about;  // without bytes and sha256
  uint32_t mode = 0600;
  WallTime mtime{};
};

struct ExportPlanOptions {
  std::vector<std::string> sources;  // empty: all
  bool is_seekable = false;          // a file can be written over: then archives are compressed
};

// `repository` and `point` must outlive what is returned. NotFound: no such source.
Result<std::vector<std::unique_ptr<ExportFile>>> plan_export(Repository& repository, const Point& point,
                                                             const ExportPlanOptions& options, std::stop_token stop);

}  // namespace hf
