#include "backup/verify.h"

#include <algorithm>

#include "backup/compare_files.h"
#include "backup/recorded.h"
#include "sys/remove_tree.h"
#include "repo/tree.h"

namespace hf {
namespace {

constexpr std::array<std::string_view, 4> level_names = {"integrity", "restored", "complete", "application"};

std::string first_of(const std::vector<std::string>& found, uint64_t count) {
  std::string text;
  for (const std::string& one : found) text += (text.empty() ? "" : "; ") + one;
  if (count > found.size()) text += "; and " + std::to_string(count - found.size()) + " more";
  return text;
}

// A part of the repository that is gone or wrong: a judgement, and not the lack of one.
bool is_damage(const Error& error) {
  return error.code() == Code::Corrupt || error.code() == Code::NotFound;
}

class Verification {
 public:
  Verification(Repository& repository, const Point& point, const SourceWorld& world, const VerifyRequest& request,
               std::stop_token stop)
      : repository_(repository), point_(point), world_(world), request_(request), stop_(std::move(stop)) {}

  Result<Proof> run() {
    const MonoTime begin = clock().mono();
    if (request_.level == ProofLevel::Integrity) {
      for (const SourceRecord& source : point_.manifest.sources) HF_TRY(compare(source, nullptr, "integrity"));
    } else {
      HF_TRY(in_scratch());
    }
    proof_.level = name_of(request_.level);
    proof_.passed =
        std::all_of(proof_.checks.begin(), proof_.checks.end(), [](const ProofCheck& c) { return c.passed; });
    proof_.time = clock().wall();
    proof_.took = clock().mono() - begin;
    proof_.host = request_.host;
    proof_.version = request_.version;
    return proof_;
  }

 private:
  Clock& clock() { return repository_.env().clock; }

  void add(std::string name, bool passed, MonoTime begin, std::string message) {
    add({.name = std::move(name), .passed = passed, .took = clock().mono() - begin, .message = std::move(message)});
  }
  void add(ProofCheck check) {
    if (request_.on_check) request_.on_check(check);
    proof_.checks.push_back(std::move(check));
  }

  // Tells of the step while it lives.
  class Step {
   public:
    Step(const VerifyRequest& request, std::string name) : request_(request), name_(std::move(name)) {
      if (request_.on_step) request_.on_step(name_, true);
    }
    ~Step() {
      if (request_.on_step) request_.on_step(name_, false);
    }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    void progress(uint64_t bytes, uint64_t bytes_total) const {
      if (request_.progress) request_.progress(name_, bytes, bytes_total);
    }

   private:
    const VerifyRequest& request_;
    const std::string name_;
  };

  Status in_scratch() {
    const std::unique_ptr<Directory> scratch = HF_TRY(world_.fs.open_directory(request_.scratch));
    const std::string name = "holdfast-verify-" + to_hex(repository_.env().entropy.bytes(6));
    HF_TRY(scratch->create_directory(name, 0700));
    Status status = restore_and_judge(request_.scratch + "/" + name);
    const Status removed = remove_tree(*scratch, name);
    if (!status.ok()) return status;
    return removed.ok() ? Status() : Status(removed.error().clone().during("remove the scratch directory"));
  }

  Status restore_and_judge(const std::string& directory) {
    const MonoTime begin = clock().mono();
    RestoreRequest restore{.destination = directory, .durable = false, .workers = request_.workers};
    std::optional<Step> step;
    restore.on_begin = [&](const SourceRecord& source) { step.emplace(request_, source.name + ": restore"); };
    restore.progress = [&](uint64_t bytes, uint64_t bytes_total) { step->progress(bytes, bytes_total); };
    restore.on_end = [&](const RestoredSource&) { step.reset(); };
    Result<RestoreOutcome> restored = restore_point(repository_, point_, restore, stop_);
    if (!restored.ok() && is_damage(restored.error())) {
      add("restore", false, begin, restored.error().message());
      return {};
    }
    const RestoreOutcome outcome = HF_TRY(std::move(restored));
    for (const RestoredSource& source : outcome.sources) {
      const std::string what =
          source.complete ? "" : printable(source.problems.front().path) + ": " + source.problems.front().what;
      add(source.name + ": restore", source.complete, begin, what);
    }
    for (const SourceRecord& source : point_.manifest.sources) {
      const std::string path = directory + "/" + source.name;
      const std::unique_ptr<Directory> root = HF_TRY(world_.fs.open_directory(path));
      HF_TRY(compare(source, root.get(), "every byte"));
      if (request_.level >= ProofLevel::Complete) HF_TRY(judge(source, path));
    }
    if (request_.level < ProofLevel::Application) return {};
    HF_TRY(run_checks(directory));
    Status stopped;
    for (const auto& [source, running] : running_)
      if (Status status = running->stop(); !status.ok() && stopped.ok()) stopped = std::move(status);
    return stopped;
  }

  Status run_checks(const std::string& directory) {
    const Step step(request_, "checks");
    RestoredPoint restored{.directory = directory, .running = {}};
    for (const auto& [source, running] : running_) restored.running[source] = running.get();
    return request_.application(restored, [this](ProofCheck check) { add(std::move(check)); });
  }

  // What the tree says against what stands there; and counts against the manifest.
  Status compare(const SourceRecord& source, Directory* root, const std::string& what) {
    const MonoTime begin = clock().mono();
    const Step step(request_, source.name + ": compare");
    ChunkReader& chunks = *HF_TRY(repository_.chunks());
    CompareFiles files(root);
    Delivery delivery(repository_, chunks, files, request_.workers);
    Counts counts;
    const Status planned = each_entry(source, chunks, delivery, files, root, counts, step);
    const Status delivered = delivery.finish();
    if (!delivered.ok()) return delivered.error().clone();
    if (!planned.ok() && !is_damage(planned.error())) return planned.error().clone();
    std::vector<std::string> found = files.differences();
    uint64_t count = files.difference_count() + counts.metadata.size();
    found.insert(found.end(), counts.metadata.begin(), counts.metadata.end());
    if (!planned.ok()) {
      found.push_back(planned.error().message());
      ++count;
    }
    add(source.name + ": " + what, count == 0, begin,
        count == 0 ? std::to_string(files.bytes_equal()) + " bytes" : first_of(found, count));
    const bool agree = counts.entries == source.entries && counts.files == source.files && counts.bytes == source.bytes;
    add(source.name + ": counts", agree, begin,
        std::to_string(counts.entries) + " entries, " + std::to_string(counts.files) + " files, " +
            std::to_string(counts.bytes) + " bytes" +
            (agree ? ""
                   : "; the manifest says " + std::to_string(source.entries) + ", " + std::to_string(source.files) +
                         ", " + std::to_string(source.bytes)));
    return {};
  }

  struct Counts {
    uint64_t entries = 0, files = 0, bytes = 0;
    std::vector<std::string> metadata;
  };

  Status each_entry(const SourceRecord& source, ChunkReader& chunks, Delivery& delivery, CompareFiles& files,
                    Directory* root, Counts& counts, const Step& step) {
    TreeReader reader(source.tree, chunks.meta_get());
    for (;;) {
      const TreeEntry* entry = HF_TRY(reader.next());
      if (entry == nullptr) return {};
      if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
      ++counts.entries;
      step.progress(files.bytes_equal(), source.bytes);
      if (root != nullptr) compare_metadata(*root, entry->meta, counts);
      if (entry->meta.info.type != FileType::File) continue;
      ++counts.files;
      counts.bytes += entry->meta.info.size;
      if (entry->meta.info.size > 0)
        HF_TRY(delivery.add(files.add(entry->meta, entry->content.digest), entry->meta.info.size, entry->content));
    }
  }

  static void compare_metadata(Directory& root, const Entry& entry, Counts& counts) {
    const FileType type = entry.info.type;
    if (type == FileType::Character || type == FileType::Block || counts.metadata.size() >= 20) return;
    const Result<FileInfo> there = root.info(entry.path);
    std::string wrong;
    if (!there.ok())
      wrong = "is not there";
    else if (there.value().type != type)
      wrong = "is of another type";
    else if (type == FileType::File && there.value().size != entry.info.size)
      wrong = "has another size";
    else if (there.value().mtime != entry.info.mtime)
      wrong = "has another time";
    else if (type != FileType::Symlink && (there.value().mode & 01777) != (entry.info.mode & 01777))
      wrong = "has another mode";
    if (!wrong.empty()) counts.metadata.push_back(printable(entry.path) + " " + wrong);
  }

  Status judge(const SourceRecord& source, const std::string& directory) {
    add(source.name + ": captured whole", source.complete, clock().mono(),
        source.complete
            ? ""
            : std::to_string(source.problem_count) + " parts of the source could not be read when the point was made");
    const auto kind = std::find_if(request_.source_kinds.begin(), request_.source_kinds.end(),
                                   [&](const SourceKind& k) { return k.name == source.kind; });
    if (kind == request_.source_kinds.end() || !kind->prove) return {};
    const Step step(request_, source.name + ": examine");
    const RecordedSource recorded = recorded_source(source);
    const ProveRequest request{.directory = directory,
                               .recorded = recorded,
                               .scratch = request_.scratch,
                               .workers = request_.workers,
                               .stop = stop_};
    Proved proved = HF_TRY(kind->prove(world_, request));
    for (const CheckResult& check : proved.checks)
      add({.name = source.name + ": " + check.name,
           .passed = check.passed,
           .took = check.took,
           .message = check.message});
    if (proved.running == nullptr) return {};
    if (request_.level < ProofLevel::Application) return proved.running->stop();
    running_[source.name] = std::move(proved.running);
    return {};
  }

  Repository& repository_;
  const Point& point_;
  const SourceWorld& world_;
  const VerifyRequest& request_;
  const std::stop_token stop_;
  std::map<std::string, std::unique_ptr<RunningCopy>> running_;  // by source, for the checks
  Proof proof_;
};

}  // namespace

std::string_view name_of(ProofLevel level) {
  return level_names[static_cast<size_t>(level)];
}

std::optional<ProofLevel> parse_proof_level(std::string_view name) {
  const auto found = std::find(level_names.begin(), level_names.end(), name);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<ProofLevel>(found - level_names.begin());
}

Result<Proof> verify_point(Repository& repository, const Point& point, const SourceWorld& world,
                           const VerifyRequest& request, std::stop_token stop) {
  return Verification(repository, point, world, request, std::move(stop)).run();
}

}  // namespace hf
