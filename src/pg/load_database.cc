#include "pg/load_database.h"

#include <algorithm>

#include "pg/load_rows.h"
#include "pg/load_steps.h"
#include "pg/names.h"
#include "pg/sqlstate.h"
#include "pg/words.h"
#include "sys/entry.h"

namespace hf {
namespace {

bool is_about_database(const SqlEntry& entry) {
  return entry.type == "DATABASE" || entry.type == "DATABASE PROPERTIES" || entry.name.starts_with("DATABASE ");
}

// The statement with another database's name in the place of its own, which is the first name behind DATABASE.
std::string renamed(std::string_view text, const std::string& name) {
  SqlWords words(text);
  while (!words.at_end()) {
    const SqlWords::Place place = words.next_place();
    if (place.is_quoted || text.substr(place.begin, place.end - place.begin) != "DATABASE") continue;
    const SqlWords::Place old = words.next_place();
    return std::string(text.substr(0, old.begin)) + pg_quoted(name) + std::string(text.substr(old.end));
  }
  return std::string(text);
}

// Runs pre-data and data: one statement after the other, the database's own on another connection until it is there.
class Schema final : public SqlScriptVisitor {
 public:
  Schema(Env env, const PgLoadRequest& request, PgLoadLog& log, std::stop_token stop)
      : env_(env), request_(request), log_(log), stop_(std::move(stop)) {}

  Status connect() {
    connection_ = HF_TRY(open_loading(env_, with_database(request_.server, request_.database), stop_));
    return {};
  }
  PgConnection& connection() { return *connection_; }

  Status statement(const SqlEntry& entry, std::string_view text) override {
    if (is_about_database(entry)) return database(entry, std::string(text));
    if (!connection_) return {};  // settings of a session that only makes the database
    if (is_copy_in(text)) {
      copy_ = text;
      rows_.clear();
      entry_ = entry;
      return {};
    }
    return execute(*connection_, entry, std::string(text));
  }

  // Rows of an extension's tables, which are settings and few.
  Status rows(BytesView bytes) override {
    if (rows_.size() + bytes.size() > rows_bytes_max)
      return Error(Code::Corrupt, "the archive of the schema has more rows than it should");
    append(rows_, bytes);
    return {};
  }
  Status rows_end() override {
    bool is_given = false;
    const auto give = [&]() -> Result<BytesView> {
      const BytesView part = is_given ? BytesView() : BytesView(rows_);
      is_given = true;
      return part;
    };
    const Result<uint64_t> taken = connection_->copy_in(copy_, give);
    if (taken.ok()) return {};
    return refused(*connection_, entry_, taken.error().clone());
  }

 private:
  static constexpr size_t rows_bytes_max = 256 << 20;

  static bool is_copy_in(std::string_view text) { return text.starts_with("COPY "); }

  Status database(const SqlEntry& entry, std::string text) {
    if (request_.is_there) return {};
    if (entry.type == "DATABASE" && text.starts_with("CREATE ")) return create(entry, std::move(text));
    HF_ASSERT(maintenance_ != nullptr);
    return execute(*maintenance_, entry, renamed(text, request_.database));
  }

  Status create(const SqlEntry& entry, std::string text) {
    maintenance_ = HF_TRY(open_loading(env_, request_.server, stop_));
    const std::string name = pg_quoted(request_.database);
    if (request_.drop_first) {
      // FORCE ends its sessions; servers before 13 do not know it.
      Status dropped = maintenance_->run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
      if (!dropped.ok())
        return in_words(std::move(dropped).error(), maintenance_->sqlstate(),
                        "drop database " + printable(request_.database));
    }
    if (const size_t at = text.rfind(" TABLESPACE = "); at != text.npos && text.find('"', at) == text.npos) {
      log_.note("database " + printable(request_.database) + " goes to the default tablespace");
      text.erase(at);
    }
    // Without a database there is nothing to go on with.
    Status made = maintenance_->run(renamed(text, request_.database));
    if (!made.ok())
      return in_words(std::move(made).error(), maintenance_->sqlstate(),
                      "make database " + printable(request_.database));
    static_cast<void>(entry);
    return connect();
  }

  Status execute(PgConnection& connection, const SqlEntry& entry, const std::string& text) {
    Status status = connection.run(text);
    if (status.ok()) return {};
    return refused(connection, entry, std::move(status).error());
  }

  Status refused(PgConnection& connection, const SqlEntry& entry, Error error) {
    return judge_refusal(connection, entry, std::move(error), request_.go_on, log_);
  }

  const Env env_;
  const PgLoadRequest& request_;
  PgLoadLog& log_;
  const std::stop_token stop_;
  std::unique_ptr<PgConnection> connection_, maintenance_;
  std::string copy_;
  SqlEntry entry_;
  Bytes rows_;
};

// What --clean begins with: DROP … IF EXISTS of everything, before the first entry. Some of it cannot go by itself, as
// the key of a partition, and goes with what comes later: so what was refused is tried again as long as that gets
// further.
class Drops final : public SqlScriptVisitor {
 public:
  Drops(PgConnection& connection, bool go_on, PgLoadLog& log) : connection_(connection), go_on_(go_on), log_(log) {}

  Status statement(const SqlEntry& entry, std::string_view text) override {
    if (!entry.type.empty()) return {};
    return drop(std::string(text), refused_);
  }
  Status rows(BytesView) override { return {}; }
  Status rows_end() override { return {}; }

  Status finish() {
    for (size_t left = refused_.size() + 1; !refused_.empty() && refused_.size() < left;) {
      left = refused_.size();
      std::vector<std::string> again;
      for (const std::string& text : refused_) HF_TRY(drop(text, again));
      refused_ = std::move(again);
    }
    for (const std::string& text : refused_) {
      Status status = connection_.run(text);
      if (!status.ok()) HF_TRY(judge_refusal(connection_, entry_of(text), std::move(status).error(), go_on_, log_));
    }
    return {};
  }

 private:
  static SqlEntry entry_of(const std::string& text) { return {.type = "drop", .schema = "-", .name = text}; }

  Status drop(const std::string& text, std::vector<std::string>& refused) {
    Status status = connection_.run(text);
    if (status.ok()) return {};
    if (const std::string state = connection_.sqlstate(); state == "2BP01" || state == "42P16") {
      refused.push_back(text);
      return {};
    }
    return judge_refusal(connection_, entry_of(text), std::move(status).error(), go_on_, log_);
  }

  PgConnection& connection_;
  const bool go_on_;
  PgLoadLog& log_;
  std::vector<std::string> refused_;
};

std::vector<const PgTocTable*> all_tables(const PgToc& toc) {
  std::vector<const PgTocTable*> tables;
  for (const PgTocTable& table : toc.tables) tables.push_back(&table);
  return tables;
}

class Loading {
 public:
  Loading(const PgWorld& world, PgArchive& archive, const PgLoadRequest& request, PgLoadLog& log, std::stop_token stop)
      : world_(world),
        archive_(archive),
        request_(request),
        log_(log),
        stop_(stop),
        schema_(world.env, request, log, stop) {}

  Status run() {
    std::optional<PgSelected> selected;
    if (request_.selection) {
      selected = HF_TRY(select());
    }
    step("schema");
    if (request_.is_there) HF_TRY(schema_.connect());
    if (request_.clean) HF_TRY(drop());
    HF_TRY(read({PgSection::PreData}, !request_.is_there, schema_));
    PgSteps steps;
    HF_TRY(read({PgSection::PostData}, false, steps));
    step("rows");
    PgRowsRequest rows{.files = request_.files,
                       .prefix = request_.prefix,
                       .parameters = parameters(),
                       .tables = selected ? selected->tables : all_tables(request_.toc),
                       .database = request_.toc.database,
                       .encoding = request_.toc.encoding,
                       .keys = {},
                       .key_settings = steps.settings(),
                       .connections = request_.connections,
                       .go_on = request_.go_on};
    rows.keys = steps.take_keys(rows.tables);
    HF_TRY(load_rows(world_.env, rows, log_, stop_));
    HF_TRY(read({PgSection::Data}, false, schema_));
    step("indexes");
    HF_TRY(run_steps(world_.env, steps, schema_.connection(),
                     {.parameters = parameters(), .connections = request_.connections, .go_on = request_.go_on}, log_,
                     stop_));
    step("statistics");
    return analyze(selected ? selected->tables : all_tables(request_.toc));
  }

 private:
  void step(const std::string& name) {
    if (request_.on_step) request_.on_step(name);
  }
  PgParameters parameters() const { return with_database(request_.server, request_.database); }

  Result<PgSelected> select() {
    std::set<std::string> schemas;
    for (const PgTocTable& table : request_.toc.tables) schemas.insert(table.schema);
    items_ = HF_TRY(archive_.list(schemas, stop_));
    PgSelected selected = HF_TRY(select_items(items_, request_.toc, *request_.selection));
    // The database itself is made in any case.
    for (const PgArchiveItem& item : items_)
      if (item.type == "DATABASE" || item.type == "DATABASE PROPERTIES" ||
          item.text.find(" DATABASE ") != item.text.npos)
        selected.items.insert(item.id);
    for (const PgArchiveItem& item : items_)
      if (selected.items.contains(item.id)) ids_.push_back(item.id);
    only_ = &ids_;
    for (const std::string& what : selected.left_out) log_.note(what);
    return selected;
  }

  Status read(std::vector<PgSection> sections, bool create, SqlScriptVisitor& visitor) {
    const PgArchiveRead what{.sections = std::move(sections),
                             .create_database = create,
                             .clean = false,
                             .no_owner = request_.no_owner,
                             .only = only_};
    return archive_.read(what, visitor, stop_);
  }

  Status drop() {
    Drops drops(schema_.connection(), request_.go_on, log_);
    const PgArchiveRead what{.sections = {PgSection::PreData, PgSection::PostData},
                             .create_database = false,
                             .clean = true,
                             .no_owner = true,
                             .only = only_};
    HF_TRY(archive_.read(what, drops, stop_));
    return drops.finish();
  }

  Status analyze(const std::vector<const PgTocTable*>& tables) {
    PgSteps steps;
    for (const PgTocTable* table : tables)
      HF_TRY(steps.statement({.type = "ANALYZE", .schema = table->schema, .name = table->name},
                             "ANALYZE " + pg_quoted(table->schema, table->name)));
    return run_steps(world_.env, steps, schema_.connection(),
                     {.parameters = parameters(), .connections = request_.connections, .go_on = request_.go_on}, log_,
                     stop_);
  }

  const PgWorld& world_;
  PgArchive& archive_;
  const PgLoadRequest& request_;
  PgLoadLog& log_;
  const std::stop_token stop_;
  Schema schema_;
  std::vector<PgArchiveItem> items_;
  std::vector<int> ids_;  // of those selected, in their order
  const std::vector<int>* only_ = nullptr;
};

}  // namespace

Status load_database(const PgWorld& world, PgArchive& archive, const PgLoadRequest& request, PgLoadLog& log,
                     std::stop_token stop) {
  return Loading(world, archive, request, log, std::move(stop))
      .run()
      .during("load database " + printable(request.toc.database));
}

}  // namespace hf
