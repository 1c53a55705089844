#include "exchange/export_database.h"

#include "backup/content_file.h"
#include "backup/tree_files.h"
#include "pg/dump_assembly.h"

namespace hf {
namespace {

constexpr uint64_t toc_bytes_max = 256u << 20;
constexpr std::string_view databases = "databases/", toc_name = "toc.json", schema_name = "schema.dump",
                           globals_name = "globals.sql";

Result<std::string> read_small(ChunkReader& chunks, const TreeEntry& entry, const std::stop_token& stop) {
  if (entry.meta.info.size > toc_bytes_max) return Error(Code::Corrupt, printable(entry.meta.path) + " is too large");
  std::string text;
  const auto take = [&](BytesView bytes) -> Status {
    text += as_text(bytes);
    return {};
  };
  HF_TRY(read_content(chunks, entry.content, take, stop));
  return text;
}

class DatabaseDump final : public ExportFile {
 public:
  static Result<std::unique_ptr<ExportFile>> make(ChunkReader& chunks, DatabaseTree tree, bool is_compressed,
                                                  std::stop_token stop) {
    std::unique_ptr<DatabaseDump> dump(new DatabaseDump(chunks, std::move(tree), std::move(stop)));
    HF_TRY(dump->plan(is_compressed));
    return dump;
  }

  Status write(const Put& put) override { return assembly_->write(put); }
  std::optional<uint64_t> size() const override {
    return is_compressed_ ? std::nullopt : std::optional(assembly_->length());
  }
  Bytes beginning() const override { return is_compressed_ ? assembly_->beginning() : Bytes(); }

 private:
  DatabaseDump(ChunkReader& chunks, DatabaseTree tree, std::stop_token stop)
      : chunks_(chunks), tree_(std::move(tree)), stop_(std::move(stop)) {}

  Status plan(bool is_compressed) {
    is_compressed_ = is_compressed;
    schema_ = HF_TRY(ContentFile::open(chunks_, tree_.schema.content, tree_.schema.meta.info.size));
    std::vector<PgDumpRows> tables;
    for (const PgTocTable& table : tree_.toc.tables) {
      const auto file = tree_.rows.find(table.file);
      if (file == tree_.rows.end())
        return Error(Code::Corrupt, "the point has no rows of table " + printable(table.name));
      tables.push_back({.schema = table.schema,
                        .table = table.name,
                        .columns = table.columns,
                        .bytes = file->second.meta.info.size,
                        .read = [this, &content = file->second.content](const Put& take) {
                          return read_content(chunks_, content, take, stop_);
                        }});
    }
    assembly_ = HF_TRY(PgDumpAssembly::plan(schema_->range(), std::move(tables),
                                            is_compressed ? PgDumpCompression::Gzip : PgDumpCompression::None));
    return {};
  }

  ChunkReader& chunks_;
  const DatabaseTree tree_;
  const std::stop_token stop_;
  std::unique_ptr<ContentFile> schema_;
  std::optional<PgDumpAssembly> assembly_;
  bool is_compressed_ = false;
};

}  // namespace

Result<DatabaseTrees> read_database_trees(ChunkReader& chunks, const Root& tree, const std::stop_token& stop) {
  DatabaseTrees trees;
  std::map<std::string, TreeEntry> rows;
  std::optional<TreeEntry> schema;
  const auto visit = [&](const TreeEntry& entry) -> Status {
    const std::string& path = entry.meta.path;
    if (entry.meta.info.type != FileType::File) return {};
    if (path == globals_name) trees.globals.push_back(entry);
    if (!path.starts_with(databases)) return {};
    const size_t slash = path.find('/', databases.size());
    if (slash == path.npos) return {};
    const std::string inner = path.substr(slash + 1);
    if (inner == schema_name) {
      schema = entry;
      rows.clear();
    } else if (inner != toc_name) {
      rows.emplace(inner, entry);
    } else if (schema) {  // it sorts behind all else
      const std::string text = HF_TRY(read_small(chunks, entry, stop));
      trees.databases.push_back({.directory = path.substr(databases.size(), slash - databases.size()),
                                 .toc = HF_TRY(decode_toc(text)),
                                 .schema = std::move(*schema),
                                 .rows = std::move(rows)});
      schema.reset();
      rows.clear();
    }
    return {};
  };
  HF_TRY(walk_tree(chunks, tree, "", visit, stop));
  if (schema) return Error(Code::Corrupt, "a database of the point has no toc.json: it is not whole");
  return trees;
}

Result<std::unique_ptr<ExportFile>> export_database(ChunkReader& chunks, DatabaseTree tree, bool is_compressed,
                                                    std::stop_token stop) {
  return DatabaseDump::make(chunks, std::move(tree), is_compressed, std::move(stop));
}

}  // namespace hf
