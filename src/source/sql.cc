#include "source/sql.h"

#include "source/new_entry.h"
#include "source/options.h"
#include "source/postgres_queries.h"
#include "source/sql_guard.h"
#include "source/sql_load.h"
#include "source/sql_prove.h"

namespace hf {
namespace {

class SqlSource final : public Source {
 public:
  SqlSource(const SourceWorld& world, std::string name, ByteRange script, WallTime mtime)
      : world_(world), name_(std::move(name)), script_(std::move(script)), mtime_(mtime) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    HF_TRY(sink.entry(make_entry("", FileType::Directory, 0700)));
    HF_TRY(previous.find(name_));
    HF_TRY(sink.begin(name_, {CutHint::Kind::Stream, 0, script_.size}));
    SqlGuard guard;
    const auto take = [&](BytesView bytes) -> Status {
      if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      world_.env.meter.add(Stage::Read, bytes.size());
      HF_TRY(guard.feed(bytes));
      return sink.data(to_bytes(bytes));
    };
    HF_TRY(each_block(script_, take));
    HF_TRY(guard.finish());
    if (guard.statements() == 0) return Error(Code::Invalid, printable(name_) + " has no statement: it is no SQL");
    sink.fact("file", name_);
    sink.fact("statements", std::to_string(guard.statements()));
    Entry entry = make_entry(name_, FileType::File, 0600);
    entry.info.size = script_.size;
    return sink.end(std::move(entry));
  }

 private:
  Entry make_entry(std::string path, FileType type, uint32_t mode) const {
    return new_entry(world_.fs, std::move(path), type, mode, mtime_);
  }

  SourceWorld world_;
  const std::string name_;
  const ByteRange script_;
  const WallTime mtime_;
};

// A script in a file, which is opened when it is read.
class SqlFileSource final : public Source {
 public:
  SqlFileSource(const SourceWorld& world, std::string path) : world_(world), path_(std::move(path)) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    const std::string path = HF_TRY(world_.fs.absolute(path_));
    const size_t slash = path.rfind('/');
    const std::unique_ptr<Directory> parent =
        HF_TRY(world_.fs.open_directory(slash == 0 ? "/" : path.substr(0, slash)));
    const std::unique_ptr<File> file = HF_TRY(parent->open_file(path.substr(slash + 1)));
    const FileInfo info = HF_TRY(file->info());
    if (info.type != FileType::File) return Error(Code::Invalid, printable(path_) + " is not a file");
    const ByteRange script{info.size, [&](uint64_t at, BytesSpan out) { return file->read_at(at, out); }};
    return SqlSource(world_, path.substr(slash + 1), script, info.mtime).run(sink, previous, std::move(stop));
  }

 private:
  SourceWorld world_;
  const std::string path_;
};

}  // namespace

std::unique_ptr<Source> make_sql_source(const SourceWorld& world, std::string name, ByteRange script, WallTime mtime) {
  return std::make_unique<SqlSource>(world, std::move(name), std::move(script), mtime);
}

SourceKind sql_source_kind() {
  SourceKind kind;
  kind.name = "sql";
  kind.help = "a plain SQL script of pg_dump, kept as a file, proven with psql and run in a server";
  kind.options = {{"path", "the script", SourceOption::Type::Text, true}};
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    if (text.empty()) return Error(Code::Invalid, "sql: without a file").with_hint("write sql:/path/to/dump.sql");
    return SourceOptions{{"path", {std::string(text)}}};
  };
  kind.open = [](const SourceWorld& world, const std::string& name,
                 const SourceOptions& options) -> Result<std::unique_ptr<Source>> {
    return std::make_unique<SqlFileSource>(world, HF_TRY(text_option(options, "path").during("open source " + name)));
  };
  kind.prove = prove_sql;
  kind.load = make_sql_load;
  kind.query_restored = query_restored_postgres;
  return kind;
}

}  // namespace hf
