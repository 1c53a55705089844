#include "exchange/export_files.h"

#include <algorithm>
#include <set>

#include "backup/tree_files.h"
#include "exchange/export_database.h"
#include "exchange/export_tree.h"

namespace hf {
namespace {

// A file of a tree as it is.
class PlainFile final : public ExportFile {
 public:
  PlainFile(ChunkReader& chunks, TreeEntry entry, std::stop_token stop)
      : chunks_(chunks), entry_(std::move(entry)), stop_(std::move(stop)) {
    mode = (entry_.meta.info.mode & 0600) | 0400;
    mtime = entry_.meta.info.mtime;
  }
  Status write(const Put& put) override { return read_content(chunks_, entry_.content, put, stop_); }
  std::optional<uint64_t> size() const override { return entry_.meta.info.size; }

 private:
  ChunkReader& chunks_;
  const TreeEntry entry_;
  const std::stop_token stop_;
};

class TarFile final : public ExportFile {
 public:
  TarFile(ChunkReader& chunks, const Root& tree, std::stop_token stop)
      : chunks_(chunks), tree_(tree), stop_(std::move(stop)) {}
  Status write(const Put& put) override { return write_tree(chunks_, tree_, put, stop_); }

 private:
  ChunkReader& chunks_;
  const Root tree_;
  const std::stop_token stop_;
};

class Planner {
 public:
  Planner(ChunkReader& chunks, const Point& point, const ExportPlanOptions& options, std::stop_token stop)
      : chunks_(chunks), point_(point), options_(options), stop_(std::move(stop)) {}

  Result<std::vector<std::unique_ptr<ExportFile>>> plan() {
    for (const std::string& name : options_.sources)
      if (std::none_of(point_.manifest.sources.begin(), point_.manifest.sources.end(),
                       [&](const SourceRecord& source) { return source.name == name; }))
        return Error(Code::NotFound, "the point has no source " + printable(name))
            .with_hint("holdfast show " + short_id(point_.id));
    for (const SourceRecord& source : point_.manifest.sources)
      if (is_wanted(source)) HF_TRY(add(source).during("export source " + printable(source.name)));
    return std::move(files_);
  }

 private:
  bool is_wanted(const SourceRecord& source) const {
    return options_.sources.empty() ||
           std::find(options_.sources.begin(), options_.sources.end(), source.name) != options_.sources.end();
  }

  Status add(const SourceRecord& source) {
    if (source.kind == "postgres") return add_databases(source);
    const TreeShape shape = HF_TRY(look_at_tree(chunks_, source.tree, stop_));
    if (source.kind == "files" || !shape.is_plain) {
      auto file = std::make_unique<TarFile>(chunks_, source.tree, stop_);
      file->mtime = point_.manifest.finished;
      put_in(std::move(file),
             {.path = unique(source.name + ".tar.gz"), .part = ExportPart::Tar, .source = source.name});
      return {};
    }
    const bool is_sqlite = source.kind == "sqlite" && shape.files.size() == 1;
    const std::string directory = is_sqlite ? "" : unique(source.name) + "/";
    for (const TreeEntry& file : shape.files)
      put_in(std::make_unique<PlainFile>(chunks_, file, stop_),
             {.path = is_sqlite ? unique(file.meta.path) : directory + file.meta.path,
              .part = is_sqlite ? ExportPart::Sqlite : ExportPart::File,
              .source = source.name,
              .inner = file.meta.path});
    return {};
  }

  Status add_databases(const SourceRecord& source) {
    const auto is_postgres = [&](const SourceRecord& other) { return other.kind == "postgres" && is_wanted(other); };
    const auto& sources = point_.manifest.sources;
    const bool is_only = std::count_if(sources.begin(), sources.end(), is_postgres) == 1;
    DatabaseTrees trees = HF_TRY(read_database_trees(chunks_, source.tree, stop_));
    for (DatabaseTree& tree : trees.databases) {
      const std::string between = trees.databases.size() == 1 ? "" : "." + tree.directory;
      const std::string path = unique((is_only ? "postgres" : source.name) + between + ".dump");
      ExportedFile about{.path = path, .part = ExportPart::PgDump, .source = source.name, .inner = tree.toc.database};
      const std::string during = "database " + printable(tree.toc.database);
      auto file = HF_TRY(export_database(chunks_, std::move(tree), options_.is_seekable, stop_).during(during));
      file->mtime = point_.manifest.finished;
      put_in(std::move(file), std::move(about));
    }
    for (const TreeEntry& globals : trees.globals)
      put_in(std::make_unique<PlainFile>(chunks_, globals, stop_),
             {.path = unique(is_only ? "globals.sql" : source.name + ".globals.sql"),
              .part = ExportPart::Globals,
              .source = source.name,
              .inner = globals.meta.path});
    return {};
  }

  void put_in(std::unique_ptr<ExportFile> file, ExportedFile about) {
    file->about = std::move(about);
    files_.push_back(std::move(file));
  }

  // In the directory of the export.
  std::string unique(const std::string& name) {
    std::string chosen = name;
    const size_t dot = std::min(name.find('.', 1), name.size());
    for (int number = 2; !taken_.insert(chosen).second; ++number)
      chosen = name.substr(0, dot) + "-" + std::to_string(number) + name.substr(dot);
    return chosen;
  }

  ChunkReader& chunks_;
  const Point& point_;
  const ExportPlanOptions& options_;
  const std::stop_token stop_;
  std::set<std::string> taken_{export_manifest_name, export_sums_name};
  std::vector<std::unique_ptr<ExportFile>> files_;
};

}  // namespace

Result<std::vector<std::unique_ptr<ExportFile>>> plan_export(Repository& repository, const Point& point,
                                                             const ExportPlanOptions& options, std::stop_token stop) {
  return Planner(*HF_TRY(repository.chunks()), point, options, std::move(stop)).plan();
}

}  // namespace hf
