// PointSubject: what checks judge: a point, what was restored from it, or the service that runs.
//
// Sources that were restored are asked where they were restored to; where nothing was, databases are asked as the
// configuration reaches them. What a backup recorded is read from the point. One thread at a time.
#pragma once

#include "app/session.h"
#include "check/check.h"
#include "repo/points.h"
#include "source/source.h"

namespace hf {

struct SubjectSpec {
  Repository* repository = nullptr;  // with `point`, or null: nothing of a backup is known
  const Point* point = nullptr;
  std::string directory;    // each source in a directory of its name there; "": nothing was restored
  bool is_restored = true;  // ages count back from the point; else from now
  bool is_proven = false;   // its tables have been found to be those recorded
  std::map<std::string, RunningCopy*> running = {};  // servers that run on what was restored, by source
  std::optional<Duration> rpo = {};
};

class PointSubject final : public CheckSubject {
 public:
  // `settings` and what `spec` points to must outlive it.
  PointSubject(Context& context, const Settings& settings, SubjectSpec spec);

  WallTime time() override;
  std::optional<Duration> rpo() override { return spec_.rpo; }
  Result<std::string> directory(const std::string& source) override;
  Result<QueryAnswer> query(const std::string& source, const Query& query, const Deadline& deadline,
                            std::stop_token stop) override;
  Result<std::vector<TableState>> tables(const std::string& source, const Deadline& deadline,
                                         std::stop_token stop) override;
  Result<std::vector<TableState>> tables_of(const std::string& point, const std::string& source) override;
  Result<std::vector<CapturedName>> names(const std::string& source) override;
  Result<std::map<std::string, std::string>> variables(const std::string& source, const std::string& database) override;

 private:
  Result<Queries*> queries(const std::string& source);
  Result<std::unique_ptr<Queries>> open_restored(const std::string& source);
  Result<std::unique_ptr<Queries>> open_live(const std::string& source);
  Result<const SourceRecord*> record(const std::string& source) const;
  Result<Point> reference(const std::string& point);

  Context& context_;
  const Settings& settings_;
  const SubjectSpec spec_;
  std::map<std::string, std::unique_ptr<Queries>> queries_;
};

}  // namespace hf
