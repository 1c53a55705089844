#include "backup/capture.h"

#include <variant>

#include "backup/key_facts.h"
#include "backup/previous_tree.h"
#include "keys/fingerprint.h"

namespace hf {
namespace {

constexpr size_t batch_events_max = 256, batch_bytes_max = 1u << 20, batches_max = 8;

struct PutEntry {
  Entry entry;
  ContentRef content;  // of an unchanged file
};
struct PutFile {
  Entry entry;
  Bytes bytes;
};
struct BeginFile {
  uint64_t size = 0;
  CutHint hint;
  ContentRef previous;
};
struct Gap {
  ExtentKind kind;
  uint64_t length;
};
struct EndFile {
  Entry entry;
};
using Event = std::variant<PutEntry, PutFile, BeginFile, Bytes, Gap, EndFile>;
using Batch = std::vector<Event>;

// What the source says that is not content: kept aside until the end.
struct Told {
  std::vector<ProblemRecord> problems;
  uint64_t problem_count = 0;
  std::vector<TableRecord> tables;
  std::map<std::string, std::string> facts;
};

// What the repository could not answer when the source asked it, whatever the source makes of that.
class Asked {
 public:
  template <typename T>
  Result<T> answer(Result<T> result) {
    if (!result.ok() && !error_) error_ = result.error().clone();
    return result;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<Error> error_;
};

class AskedPrevious final : public Previous {
 public:
  AskedPrevious(PreviousTree& tree, Asked& asked) : tree_(tree), asked_(asked) {}
  Result<const Entry*> find(std::string_view path) override { return asked_.answer(tree_.find(path)); }

 private:
  PreviousTree& tree_;
  Asked& asked_;
};

class QueueSink final : public Sink {
 public:
  QueueSink(BoundedQueue<Batch>& queue, PreviousTree& previous, Repository& repository, Asked& asked,
            std::stop_token stop)
      : queue_(queue), previous_(previous), repository_(repository), asked_(asked), stop_(std::move(stop)) {}

  Status entry(Entry entry) override { return put(PutEntry{.entry = std::move(entry), .content = {}}, 0); }
  Status unchanged(Entry entry) override {
    HF_ASSERT(previous_.content() != nullptr);
    return put(PutEntry{.entry = std::move(entry), .content = *previous_.content()}, 0);
  }
  Status file(Entry entry, Bytes content) override {
    const size_t size = content.size();
    return put(PutFile{.entry = std::move(entry), .bytes = std::move(content)}, size);
  }
  Status begin(std::string_view, CutHint hint) override {
    BeginFile begin{.size = hint.size, .hint = hint, .previous = {}};
    if (previous_.content() != nullptr) begin.previous = *previous_.content();
    return put(std::move(begin), 0);
  }
  Status data(Bytes bytes) override {
    const size_t size = bytes.size();
    return put(std::move(bytes), size);
  }
  Status hole(uint64_t length) override { return put(Gap{ExtentKind::Hole, length}, 0); }
  Status zeros(uint64_t length) override { return put(Gap{ExtentKind::Zeros, length}, 0); }
  Status end(Entry entry) override { return put(EndFile{.entry = std::move(entry)}, 0); }

  Result<Bytes> fingerprint(std::string_view name, BytesView value) override {
    return asked_.answer(fingerprint_of(repository_.ring(), name, value));
  }
  Result<std::vector<KeyFact>> keys() override { return asked_.answer(key_facts(repository_)); }
  void problem(std::string path, std::string what) override {
    if (++told_.problem_count <= problems_recorded_max) told_.problems.push_back({std::move(path), std::move(what)});
  }
  void table(TableFact table) override {
    told_.tables.push_back({.name = std::move(table.name), .rows = table.rows, .digest = std::move(table.digest)});
  }
  void fact(std::string name, std::string value) override { told_.facts[std::move(name)] = std::move(value); }

  Status flush() {
    bytes_ = 0;
    if (batch_.empty() || queue_.push(std::exchange(batch_, {}), stop_)) return {};
    return Error(Code::Cancelled, "the backup has stopped");
  }
  Told& told() { return told_; }

 private:
  Status put(Event event, size_t bytes) {
    batch_.push_back(std::move(event));
    bytes_ += bytes;
    if (batch_.size() < batch_events_max && bytes_ < batch_bytes_max) return {};
    return flush();
  }

  BoundedQueue<Batch>& queue_;
  PreviousTree& previous_;
  Repository& repository_;
  Asked& asked_;
  const std::stop_token stop_;
  Batch batch_;
  size_t bytes_ = 0;
  Told told_;
};

// The other side: events to content and tree.
class Builder {
 public:
  Builder(Repository& repository, Pipeline& pipeline, ChunkReader& chunks, const CaptureOptions& options)
      : options_(options), files_(repository.env(), repository.ring(), pipeline, chunks), tree_(pipeline.meta_put()) {}

  Status take(Event& event) {
    return std::visit([this](auto& e) { return on(e); }, event);
  }
  Status after_batch() {
    if (options_.progress) options_.progress(progress_);
    return options_.checkpoint && options_.checkpoint_due() ? checkpoint() : Status();
  }
  Status checkpoint() {
    if (!options_.checkpoint || progress_.entries == 0) return {};
    TreeWriter so_far = tree_;  // the tree goes on being built behind this copy
    return options_.checkpoint(record_of(HF_TRY(so_far.finish())));
  }
  Result<SourceRecord> finish() { return record_of(HF_TRY(tree_.finish())); }
  const CaptureProgress& progress() const { return progress_; }

 private:
  SourceRecord record_of(const TreeSummary& summary) const {
    return {.name = options_.name,
            .kind = options_.kind,
            .tree = summary.root,
            .entries = summary.entries,
            .files = summary.files,
            .bytes = summary.bytes};
  }
  Status add(Entry&& entry, ContentRef&& content) {
    ++progress_.entries;
    progress_.bytes += entry.info.size;
    progress_.path = entry.path;
    return tree_.add({.meta = std::move(entry), .content = std::move(content)});
  }
  Status on(PutEntry& event) { return add(std::move(event.entry), std::move(event.content)); }
  Status on(PutFile& event) {
    progress_.bytes_read += event.bytes.size();
    event.entry.info.size = event.bytes.size();
    ContentRef content = HF_TRY(files_.whole(event.bytes));
    return add(std::move(event.entry), std::move(content));
  }
  Status on(BeginFile& event) {
    FileWriter::Begin begin{
        .size = event.size, .cut = std::nullopt, .page_bytes = event.hint.page_bytes, .previous = &event.previous};
    if (event.hint.kind == CutHint::Kind::Stream) begin.cut = CutClass::Stream;
    if (event.hint.kind == CutHint::Kind::Pages) begin.cut = CutClass::Pages;
    files_.begin(begin);
    return {};
  }
  Status on(Bytes& bytes) {
    progress_.bytes_read += bytes.size();
    return files_.data(bytes);
  }
  Status on(Gap& gap) { return files_.gap(gap.kind, gap.length); }
  Status on(EndFile& event) {
    event.entry.info.size = files_.size();
    ContentRef content = HF_TRY(files_.end());
    return add(std::move(event.entry), std::move(content));
  }

  const CaptureOptions& options_;
  FileWriter files_;
  TreeWriter tree_;
  CaptureProgress progress_;
};

}  // namespace

Result<CaptureResult> capture(Repository& repository, Pipeline& pipeline, Source& source, CaptureOptions options,
                              std::stop_token stop) {
  const MonoTime begin = repository.env().clock.mono();
  Index& index = *HF_TRY(repository.index());
  ChunkReader& chunks = *HF_TRY(repository.chunks());
  PreviousTree previous(chunks, index, options.base.trees);
  BoundedQueue<Batch> queue(batches_max);
  Builder builder(repository, pipeline, chunks, options);
  TaskGroup tasks;
  const std::stop_callback forward(stop, [&] { tasks.request_stop(); });
  tasks.start("cut", [&](std::stop_token task_stop) -> Status {
    while (std::optional<Batch> batch = queue.pop(task_stop)) {
      for (Event& event : *batch) HF_TRY(builder.take(event));
      HF_TRY(builder.after_batch());
    }
    return {};
  });
  Asked asked;
  AskedPrevious asked_previous(previous, asked);
  QueueSink sink(queue, previous, repository, asked, tasks.token());
  Status ran = source.run(sink, asked_previous, tasks.token());
  if (ran.ok()) ran = sink.flush();
  if (!ran.ok()) tasks.request_stop();
  queue.close();
  Status cut = tasks.join();
  // The first failure is the cause: a source whose sink has stopped only says that it was stopped.
  if (!cut.ok()) return std::move(cut).error().during("source " + options.name);
  if (stop.stop_requested()) {
    HF_TRY(builder.checkpoint());
    return Error(Code::Cancelled, "interrupted");
  }
  if (!ran.ok() && asked.error()) return asked.error()->clone().during("source " + options.name);
  if (ran.ok() && builder.progress().entries == 0) ran = Error(Code::Failed, "it gave nothing");
  CaptureResult result{.bytes_read = builder.progress().bytes_read};
  if (!ran.ok()) {
    result.failure = std::move(ran).error();
    return result;
  }
  SourceRecord& record = result.record = HF_TRY(builder.finish());
  record.base = source.base();
  record.problems = std::move(sink.told().problems);
  record.problem_count = sink.told().problem_count;
  record.complete = record.problem_count == 0;
  record.tables = std::move(sink.told().tables);
  record.facts = std::move(sink.told().facts);
  record.took = repository.env().clock.mono() - begin;
  return result;
}

}  // namespace hf
