#include "app/dry_backup.h"

#include "backup/previous_tree.h"

namespace hf {
namespace {

bool is_same(const FileInfo& a, const FileInfo& b) {
  return a.size == b.size && a.mtime == b.mtime && a.ctime == b.ctime && a.inode == b.inode;
}

// Answers that every file is as before, so that the source reads none, and notes which the point before really has.
class StatPrevious final : public Previous {
 public:
  StatPrevious(Directory& base, Previous* before, DrySource& counts) : base_(base), before_(before), counts_(counts) {}

  Result<const Entry*> find(std::string_view path) override {
    const Entry* known = before_ == nullptr ? nullptr : HF_TRY(before_->find(path));
    const Result<FileInfo> info = base_.info(path);
    if (!info.ok()) return static_cast<const Entry*>(nullptr);
    if (known == nullptr || known->changed_while_read || !is_same(known->info, info.value())) {
      ++counts_.files_to_read;
      counts_.bytes_to_read += info.value().size;
    }
    answer_ = {};
    answer_.path = path;
    answer_.info = info.value();
    return &answer_;
  }

 private:
  Directory& base_;
  Previous* before_;
  DrySource& counts_;
  Entry answer_;
};

class CountingSink final : public Sink {
 public:
  explicit CountingSink(DrySource& counts) : counts_(counts) {}
  Status entry(Entry) override { return count(); }
  Status unchanged(Entry entry) override { return count_file(entry.info.size); }
  Status file(Entry entry, Bytes) override { return count_file(entry.info.size); }
  Status begin(std::string_view, CutHint) override { return {}; }
  Status data(Bytes bytes) override { return grow(bytes.size()); }
  Status hole(uint64_t length) override { return grow(length); }
  Status zeros(uint64_t length) override { return grow(length); }
  Status end(Entry) override { return count_file(std::exchange(open_bytes_, 0)); }
  void problem(std::string path, std::string what) override {
    counts_.problems.push_back({std::move(path), std::move(what)});
  }
  Result<Bytes> fingerprint(std::string_view, BytesView) override { return Bytes(16); }
  Result<std::vector<KeyFact>> keys() override { return std::vector<KeyFact>{}; }
  void table(TableFact) override {}
  void fact(std::string name, std::string value) override {
    if (name == "left_out") counts_.remark = "left out: " + std::move(value);
  }

 private:
  Status count() {
    ++counts_.entries;
    return {};
  }
  Status count_file(uint64_t size) {
    ++counts_.files;
    counts_.bytes += size;
    return count();
  }
  Status grow(uint64_t length) {
    open_bytes_ += length;
    return {};
  }

  DrySource& counts_;
  uint64_t open_bytes_ = 0;
};

std::optional<Root> tree_of(const Point* point, const std::string& source) {
  if (point == nullptr) return std::nullopt;
  for (const SourceRecord& record : point->manifest.sources)
    if (record.name == source) return record.tree;
  return std::nullopt;
}

}  // namespace

Result<DrySource> dry_backup(Repository& repository, const PlannedSource& planned, Source& source, const Point* base,
                             std::stop_token stop) {
  DrySource counts{.name = planned.name, .kind = planned.kind};
  if (const auto run = planned.options.find("run"); run != planned.options.end()) {
    for (const std::string& word : run->second) counts.remark += (counts.remark.empty() ? "would run: " : " ") + word;
    return counts;
  }
  if (source.base().empty()) {
    counts.remark = "would be read in full, or where it changed";
    if (const auto path = planned.options.find("path"); path != planned.options.end() && !path->second.empty()) {
      const std::string& file = path->second.front();
      const auto directory = HF_TRY(repository.world().fs.open_directory(file.substr(0, file.rfind('/') + 1) + "."));
      const FileInfo info = HF_TRY(directory->info(file.substr(file.rfind('/') + 1)));
      counts.entries = counts.files = counts.files_to_read = 1;
      counts.bytes = counts.bytes_to_read = info.size;
    }
    return counts;
  }
  const std::unique_ptr<Directory> directory = HF_TRY(repository.world().fs.open_directory(source.base()));
  std::unique_ptr<PreviousTree> tree;
  if (const std::optional<Root> root = tree_of(base, planned.name)) {
    const Index* index = HF_TRY(repository.index());
    tree = std::make_unique<PreviousTree>(*HF_TRY(repository.chunks()), *index, std::vector<Root>{*root});
  }
  StatPrevious previous(*directory, tree.get(), counts);
  CountingSink sink(counts);
  HF_TRY(source.run(sink, previous, stop));
  return counts;
}

}  // namespace hf
