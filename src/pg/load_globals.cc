#include "pg/load_globals.h"

#include <set>

#include "pg/sql_script.h"
#include "pg/sqlstate.h"
#include "pg/words.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t block_bytes = 1 << 20;
constexpr std::string_view role_is_there = "42710";

class Globals final : public SqlScriptVisitor {
 public:
  Globals(PgConnection& connection, const PgGlobalsOptions& options, PgLoadLog& log)
      : connection_(connection), options_(options), log_(log) {}

  Status statement(const SqlEntry&, std::string_view text) override {
    SqlWords words(text);
    const std::string verb = words.next(), object = words.next();
    if (verb == "create" && object == "role") return create_role(words.next(), text);
    if (verb == "alter" && object == "role") return alter_role(words.next(), text);
    if (object == "tablespace" || words.has("tablespace")) return leave_tablespace(verb, words, text);
    if (verb == "grant" && !options_.is_new_instance) return grant(words, text);
    return run(verb + " " + object, text);
  }
  Status rows(BytesView) override { return Error(Code::Corrupt, "rows in globals.sql"); }
  Status rows_end() override { return Error(Code::Corrupt, "rows in globals.sql"); }

 private:
  Status create_role(const std::string& role, std::string_view text) {
    Status status = connection_.run(std::string(text));
    if (status.ok()) {
      made_.insert(role);
      return {};
    }
    if (connection_.sqlstate() == role_is_there) return {};
    return in_words(std::move(status).error(), connection_.sqlstate(), "make role " + printable(role));
  }

  Status alter_role(const std::string& role, std::string_view text) {
    if (!options_.is_new_instance && !made_.contains(role)) {
      if (left_.insert(role).second) log_.note("role " + printable(role) + " is there already, and left as it is");
      return {};
    }
    // We would lock ourselves out.
    if (role == options_.connected_as && (SqlWords(text).has("nologin") || SqlWords(text).has("nosuperuser"))) {
      log_.note("role " + printable(role) + " keeps its login: the load is done as this role");
      return {};
    }
    return run("change role " + printable(role), text);
  }

  // GRANT group TO member …
  Status grant(SqlWords words, std::string_view text) {
    while (!words.at_end() && words.next() != "to") continue;
    return made_.contains(words.next()) ? run("grant", text) : Status();
  }

  Status leave_tablespace(const std::string& verb, SqlWords& words, std::string_view) {
    if (verb == "create")
      log_.note("tablespace " + printable(words.next()) + " is not made: all goes to the default one");
    return {};
  }

  Status run(const std::string& what, std::string_view text) {
    Status status = connection_.run(std::string(text));
    if (status.ok()) return {};
    return in_words(std::move(status).error(), connection_.sqlstate(), what);
  }

  PgConnection& connection_;
  const PgGlobalsOptions& options_;
  PgLoadLog& log_;
  std::set<std::string> made_, left_;
};

}  // namespace

Status load_globals(PgConnection& connection, Directory& directory, const PgGlobalsOptions& options, PgLoadLog& log) {
  const std::unique_ptr<File> file = HF_TRY(directory.open_file("globals.sql"));
  Globals globals(connection, options, log);
  SqlScript script(globals);
  Bytes block(block_bytes);
  for (uint64_t offset = 0;;) {
    const size_t size = HF_TRY(file->read_at(offset, block));
    if (size == 0) return script.finish();
    HF_TRY(script.feed(BytesView(block).first(size)).during("load globals.sql"));
    offset += size;
  }
}

}  // namespace hf
