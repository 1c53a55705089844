#include "source/sqlite.h"

#include <sqlite3.h>

#include <algorithm>

#include "base/text.h"
#include "source/options.h"
#include "source/sqlite_facts.h"
#include "source/sqlite_prove.h"
#include "source/sqlite_put_back.h"
#include "source/sqlite_queries.h"
#include "source/sqlite_snapshot.h"

namespace hf {
namespace {

constexpr uint64_t block_bytes = 1 << 20;
constexpr int links_max = 16;

struct SqliteSpec {
  std::string path;
  std::optional<uint64_t> pages_per_step;
  Duration busy_timeout{};
};

struct Location {
  std::unique_ptr<Directory> parent;
  std::string path, name;
  FileInfo info;
};

// Where the database file is, behind all links: SQLite puts its log beside that.
Result<Location> locate(Fs& fs, const std::string& given) {
  Location location{.path = HF_TRY(fs.absolute(given))};
  for (int links = 0; links < links_max; ++links) {
    const size_t slash = location.path.rfind('/');
    const std::string parent = slash == 0 ? "/" : location.path.substr(0, slash);
    location.name = location.path.substr(slash + 1);
    location.parent = HF_TRY(fs.open_directory(parent));
    location.info = HF_TRY(location.parent->info(location.name));
    if (location.info.type == FileType::File) return location;
    if (location.info.type != FileType::Symlink)
      return Error(Code::Invalid, printable(given) + " is not a file, so it is not a SQLite database");
    const std::string target = HF_TRY(location.parent->read_link(location.name));
    location.path = HF_TRY(fs.absolute(target.starts_with('/') ? target : parent + "/" + target));
  }
  return Error(Code::Invalid, printable(given) + " leads through too many symbolic links");
}

class SqliteSource final : public Source {
 public:
  SqliteSource(const SourceWorld& world, SqliteSpec spec) : world_(world), spec_(std::move(spec)) {}

  std::vector<SourceFinding> examine(std::stop_token stop) override {
    return {finding_of("database", look_at_database(stop), "it can be opened and read")};
  }

  std::vector<std::string> covers() override {
    const Result<Location> location = locate(world_.fs, spec_.path);
    std::vector<std::string> paths;
    if (location.ok())
      for (const char* end : {"", "-wal", "-shm", "-journal"}) paths.push_back(location.value().path + end);
    return paths;
  }

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    const Location location = HF_TRY(locate(world_.fs, spec_.path).during("find database " + printable(spec_.path)));
    HF_TRY(previous.find(location.name));  // the version whose pages are compared with
    SqliteDatabase database = HF_TRY(SqliteDatabase::open(location.path, printable(location.name),
                                                          SqliteDatabase::Sharing::Live, spec_.busy_timeout));
    database.stop_on(stop);
    const MonoTime begin = world_.env.clock.mono();
    {
      SqliteSnapshot snapshot = HF_TRY(SqliteSnapshot::begin(database));
      HF_TRY(give_pages(location, snapshot, sink, stop));
      HF_TRY(give_facts(location, snapshot, database, sink));
    }
    const std::chrono::duration<double> held = world_.env.clock.mono() - begin;
    sink.fact("read_lock_seconds", std::to_string(held.count()));
    return {};
  }

 private:
  Status give_pages(const Location& location, SqliteSnapshot& snapshot, Sink& sink, const std::stop_token& stop) {
    const uint32_t page_bytes = snapshot.page_bytes();
    const uint64_t step =
        std::clamp<uint64_t>(spec_.pages_per_step.value_or(block_bytes / page_bytes), 1, 64 * block_bytes / page_bytes);
    const FileInfo parent = HF_TRY(location.parent->info(""));
    HF_TRY(sink.entry(make_entry("", parent, *location.parent, sink)));
    HF_TRY(sink.begin(location.name, {CutHint::Kind::Pages, page_bytes}));
    for (uint64_t page = 1; page <= snapshot.pages();) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      const uint64_t pages = std::min(step, snapshot.pages() - page + 1);
      Bytes block(pages * page_bytes);
      {
        const StageTimer timer(world_.env.clock, world_.env.meter, Stage::Read, block.size());
        for (uint64_t i = 0; i < pages; ++i)
          HF_TRY(snapshot.read(page + i, BytesSpan(block).subspan(i * page_bytes, page_bytes)));
      }
      HF_TRY(sink.data(std::move(block)));
      page += pages;
    }
    Entry entry = make_entry(location.name, location.info, *location.parent, sink);
    entry.info.size = snapshot.pages() * page_bytes;
    return sink.end(std::move(entry));
  }

  Status give_facts(const Location& location, SqliteSnapshot& snapshot, SqliteDatabase& database, Sink& sink) {
    DatabaseFacts facts = HF_TRY(read_facts(database));
    for (TableFact& table : facts.tables) sink.table(std::move(table));
    if (!facts.damaged.empty())
      sink.problem(location.name, "the database is damaged: these tables cannot be read: " + join(facts.damaged, ", "));
    if (!facts.skipped.empty()) sink.fact("tables_without_digest", join(facts.skipped, ", "));
    sink.fact("file", location.name);
    sink.fact("sqlite_version", sqlite3_libversion());
    sink.fact("page_size", std::to_string(snapshot.page_bytes()));
    sink.fact("page_count", std::to_string(snapshot.pages()));
    sink.fact("journal_mode", HF_TRY(database.text("PRAGMA journal_mode")));
    sink.fact("user_version", HF_TRY(database.text("PRAGMA user_version")));
    sink.fact("schema_digest", std::move(facts.schema_digest));
    return {};
  }

  Status look_at_database(const std::stop_token& stop) {
    const Location location = HF_TRY(locate(world_.fs, spec_.path));
    SqliteDatabase database =
        HF_TRY(SqliteDatabase::open(location.path, spec_.path, SqliteDatabase::Sharing::Live, spec_.busy_timeout));
    database.stop_on(stop);
    HF_TRY(database.number("SELECT count(*) FROM sqlite_schema"));
    return {};
  }

  // By name and without opening the file: see sqlite_database.h.
  Entry make_entry(std::string path, const FileInfo& info, Directory& parent, Sink& sink) {
    Entry entry;
    entry.info = info;
    entry.user = world_.fs.user_name(info.uid);
    entry.group = world_.fs.group_name(info.gid);
    Result<std::vector<Xattr>> xattrs = parent.xattrs(path);
    if (xattrs.ok()) {
      entry.xattrs = std::move(xattrs).value();
    } else if (xattrs.error().code() != Code::Unsupported) {
      sink.problem(path, "its extended attributes cannot be read");
    }
    entry.path = std::move(path);
    return entry;
  }

  SourceWorld world_;
  const SqliteSpec spec_;
};

Result<SqliteSpec> parse_spec(const SourceOptions& options) {
  SqliteSpec spec{.path = HF_TRY(text_option(options, "path"))};
  spec.pages_per_step = HF_TRY(number_option(options, "pages_per_step"));
  spec.busy_timeout = HF_TRY(span_option(options, "busy_timeout", std::chrono::seconds(30)));
  return spec;
}

}  // namespace

SourceKind sqlite_source_kind() {
  using Type = SourceOption::Type;
  SourceKind kind;
  kind.name = "sqlite";
  kind.help = "a SQLite database, also while it is written to";
  kind.options = {
      {"path", "the database file", Type::Text, true},
      {"pages_per_step", "pages read and handed on at a time (default: 1 MiB of them)", Type::Text},
      {"busy_timeout", "how long to wait for a lock (default 30 s)", Type::Span},
      {"stop", "command that stops the program using it, for a restore in place", Type::TextList},
      {"start", "command that starts that program again", Type::TextList},
  };
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    if (text.empty()) return Error(Code::Invalid, "sqlite: without a file").with_hint("write sqlite:/path/to/file.db");
    return SourceOptions{{"path", {std::string(text)}}};
  };
  kind.open = [](const SourceWorld& world, const std::string& name,
                 const SourceOptions& options) -> Result<std::unique_ptr<Source>> {
    return std::make_unique<SqliteSource>(world, HF_TRY(parse_spec(options).during("open source " + name)));
  };
  kind.prove = [](const SourceWorld& world, const ProveRequest& request) -> Result<Proved> {
    return Proved{.checks = HF_TRY(prove_sqlite(world, request.directory, request.recorded)), .running = nullptr};
  };
  kind.put_back = put_back_sqlite;
  kind.query_restored = query_restored_sqlite;
  kind.query_live = query_live_sqlite;
  return kind;
}

}  // namespace hf
