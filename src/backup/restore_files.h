// RestoreFiles: files under construction in a destination: created, filled from several workers, finished with their
// metadata.
#pragma once

#include <atomic>
#include <unordered_map>

#include "backup/delivery.h"
#include "backup/restore.h"

namespace hf {

// Problems and notes, from any thread.
class RestoreLog {
 public:
  void problem(const std::string& path, const std::string& what);
  void note(const std::string& path, const std::string& what);
  void take(RestoredSource& into);

 private:
  struct Lists {
    std::vector<ProblemRecord> problems, notes;
    uint64_t problem_count = 0;
  };
  Guarded<Lists> lists_;
};

// Owner, mode, times and extended attributes of what stands at `path`; what cannot be set is a note.
void apply_metadata(Directory& root, const std::string& path, const Entry& entry, const RestoreRequest& request,
                    RestoreLog& log);
bool is_below(std::string_view path, std::string_view directory);  // or the directory itself
bool is_restore_wanted(const RestoreRequest& request, std::string_view path);
Result<std::vector<const SourceRecord*>> restore_sources(const Point& point, const RestoreRequest& request);
bool is_same_file(const FileInfo& there, const Entry& wanted);

class RestoreFiles final : public DeliverySink {
 public:
  RestoreFiles(Directory& root, const RestoreRequest& request, RestoreLog& log)
      : root_(root), request_(request), log_(log) {}

  // A file to come, of entry.info.size bytes. Its number for Delivery::add. Empty ones are finished at once.
  Result<size_t> add(const Entry& entry);

  Status bytes(size_t file, uint64_t offset, BytesView bytes) override;
  Status gap(size_t file, ExtentKind kind, uint64_t offset, uint64_t length) override;
  void failed(size_t file, uint64_t length, const Error& error) override;

  uint64_t files_done() const { return files_done_; }
  uint64_t bytes_done() const { return bytes_done_; }
  uint64_t bytes_written() const { return bytes_written_; }
  // Removes what is unfinished: after an error.
  void abandon();

 private:
  struct Building {
    std::mutex mutex;
    Entry entry;
    std::string temporary;  // path it is built at; the final one where nothing is overwritten
    std::unique_ptr<File> file;
    std::atomic<uint64_t> left{0};
    std::optional<Error> failure;
  };
  Building* find(size_t file);
  Status open(Building& building);
  Status done(size_t file, Building& building, uint64_t length);
  Status finish(Building& building);

  Directory& root_;
  const RestoreRequest& request_;
  RestoreLog& log_;
  Guarded<std::unordered_map<size_t, std::unique_ptr<Building>>> building_;
  size_t next_ = 0;
  std::atomic<uint64_t> files_done_{0}, bytes_done_{0}, bytes_written_{0};
};

}  // namespace hf
