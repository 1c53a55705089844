#include "source/postgres_examine.h"

#include <algorithm>

#include "base/text.h"
#include "pg/names.h"
#include "source/postgres_snapshot.h"
#include "sys/entry.h"

namespace hf {
namespace {

using State = SourceFinding::State;

constexpr Duration look_time_max = std::chrono::minutes(1);
constexpr int names_shown_max = 3;
// A dump that takes no longer is not in danger on a standby that waits as long.
constexpr Duration replay_delay_min = std::chrono::hours(1);
constexpr int version_with_read_all = 140000, version_with_large_object_function = 180000;
constexpr std::string_view reload = "; SELECT pg_reload_conf()";

std::string version_text(int version) {
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000);
}

// What the user lacks in one database. The query gives names, and how many there are of them in all.
struct Look {
  const char* name;   // of the finding
  const char* one;    // "table"
  const char* many;   // "tables"
  const char* lacks;  // "cannot be read by user"
  std::string query, hint;
};

class Examination {
 public:
  Examination(const SourceWorld& world, const PostgresSpec& spec, std::stop_token stop)
      : world_(world), spec_(spec), stop_(std::move(stop)) {}

  std::vector<SourceFinding> run() {
    const auto connected = connect_postgres(world_, spec_, deadline(), stop_);
    if (!connected.ok()) {
      found_.push_back(finding_of("connection", connected.error().clone(), {}));
      return std::move(found_);
    }
    PgConnection& server = *connected.value();
    parameters_ = server.resolved();
    version_ = server.server_version();
    if (const Status looked = look_at_server(server); !looked.ok()) found_.push_back(finding_of("server", looked, {}));
    return std::move(found_);
  }

 private:
  Deadline deadline() const { return Deadline(world_.env.clock, look_time_max); }

  void add(State state, std::string name, std::string message, std::string hint = {}) {
    found_.push_back({.state = state, .name = std::move(name), .message = std::move(message), .hint = std::move(hint)});
  }

  Status look_at_server(PgConnection& server) {
    user_ = HF_TRY(server.query("SELECT current_user")).text(0, 0);
    add(State::Good, "connection", "PostgreSQL " + version_text(version_) + " answers user " + printable(user_));
    look_at_tools();
    HF_TRY(look_at_passwords(server));
    if (HF_TRY(server.query("SELECT pg_is_in_recovery()")).flag(0, 0)) HF_TRY(look_at_standby(server));
    const std::vector<FoundDatabase> databases = HF_TRY(list_postgres_databases(server));
    look_at_exclusions(databases);
    const Status named = expect_postgres_databases(spec_, databases);
    if (!named.ok()) found_.push_back(finding_of("databases", named, {}));
    for (const FoundDatabase& database : databases)
      if (!spec_.why_left_out(database.name)) look_at_database(database);
    return {};
  }

  void look_at_tools() {
    for (const char* name : {"pg_dump", "pg_dumpall"}) {
      const Result<std::string> tool = find_postgres_tool(world_, spec_, name, version_, deadline(), stop_);
      const Status status = tool.ok() ? Status() : Status(tool.error().clone());
      found_.push_back(finding_of(name, status, tool.ok() ? printable(tool.value()) + " fits the server" : ""));
    }
  }

  Status look_at_passwords(PgConnection& server) {
    if (!spec_.role_passwords) return {};
    const PgRows rows = HF_TRY(server.query("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')"));
    if (rows.flag(0, 0))
      add(State::Good, "role_passwords", "they can be read");
    else
      add(State::Bad, "role_passwords",
          "user " + printable(user_) + " may not read the passwords of roles, and is told to",
          "set role_passwords: false for the source, or make the user a superuser: ALTER ROLE " + user_sql() +
              " SUPERUSER");
    return {};
  }

  Status look_at_standby(PgConnection& server) {
    const PgRows rows =
        HF_TRY(server.query("SELECT current_setting('hot_standby_feedback')::bool, setting::int8 FROM pg_settings"
                            " WHERE name = 'max_standby_streaming_delay'"));
    const bool has_feedback = rows.flag(0, 0), waits_for_ever = rows.text(0, 1) == "-1";
    const Duration delay = std::chrono::milliseconds(rows.number(0, 1));
    if (!has_feedback)
      add(State::Note, "standby",
          "hot_standby_feedback is off: the primary removes rows that a long dump still needs, and the dump may be "
          "cancelled",
          "on the standby: ALTER SYSTEM SET hot_standby_feedback = on" + std::string(reload));
    if (!waits_for_ever && delay < replay_delay_min)
      add(State::Note, "standby.delay",
          "max_standby_streaming_delay is " + format_duration(delay) +
              ": a dump that is in the way of replay for longer is cancelled",
          "on the standby: ALTER SYSTEM SET max_standby_streaming_delay = -1, or to more than a dump takes" +
              std::string(reload));
    if (has_feedback && (waits_for_ever || delay >= replay_delay_min))
      add(State::Good, "standby", "it is one, and lets long dumps end");
    return {};
  }

  void look_at_exclusions(const std::vector<FoundDatabase>& databases) {
    for (const auto& [name, why] : spec_.excluded) {
      const auto is_it = [&name = name](const FoundDatabase& database) { return database.name == name; };
      // template1 is excluded without being named.
      if (name == "template1" || std::any_of(databases.begin(), databases.end(), is_it)) continue;
      add(State::Note, "exclude", "database " + printable(name) + " is excluded, and the server has none of that name",
          "correct the name in `exclude`, or take it out");
    }
  }

  void look_at_database(const FoundDatabase& database) {
    const std::string name = "database." + printable(database.name);
    if (!database.allows_connections)
      return add(State::Bad, name, "it allows no connections, so every point is partial",
                 "exclude it with a reason, or: ALTER DATABASE " + printable(pg_quoted(database.name)) +
                     " ALLOW_CONNECTIONS true");
    const Status looked = look_inside(database, name);
    if (!looked.ok()) found_.push_back(finding_of(name, looked, {}));
  }

  Status look_inside(const FoundDatabase& database, const std::string& name) {
    const std::unique_ptr<PgConnection> connection =
        HF_TRY(PgConnection::open(with_database(parameters_, database.name), deadline(), stop_));
    bool is_readable = true;
    for (const Look& look : looks()) is_readable = HF_TRY(has_all(*connection, look, name)) && is_readable;
    if (!is_readable) return {};
    const PgRows rows =
        HF_TRY(connection->query("SELECT count(*)" + std::string(postgres_from_relations) + " AND c.relkind = 'r'"));
    add(State::Good, name, format_count(rows.number(0, 0), "table", "tables") + " can be read");
    return {};
  }

  Result<bool> has_all(PgConnection& connection, const Look& look, const std::string& name) {
    const PgRows rows =
        HF_TRY(connection.query("SELECT name, count(*) OVER () FROM (" + look.query +
                                ") AS lacking(name) ORDER BY 1 LIMIT " + std::to_string(names_shown_max)));
    if (rows.size() == 0) return true;
    std::vector<std::string> names;
    for (size_t row = 0; row < rows.size(); ++row) names.push_back(printable(rows.text(row, 0)));
    const uint64_t count = rows.number(0, 1);
    if (count > names.size()) names.push_back("and " + format_count(count - names.size()) + " more");
    add(State::Bad, name + "." + look.name,
        format_count(count, look.one, look.many) + " " + look.lacks + " " + printable(user_) + ": " + join(names, ", "),
        look.hint);
    return false;
  }

  std::vector<Look> looks() const {
    const std::string tables(postgres_from_relations);
    const std::string may_use = "has_schema_privilege(n.oid, 'USAGE')";
    const std::string read_all = version_ >= version_with_read_all
                                     ? "GRANT pg_read_all_data TO " + user_sql()
                                     : "in the database, for each schema: GRANT USAGE ON SCHEMA … TO " + user_sql() +
                                           "; GRANT SELECT ON ALL TABLES IN SCHEMA … TO " + user_sql() +
                                           "; GRANT SELECT ON ALL SEQUENCES IN SCHEMA … TO " + user_sql();
    const std::string may_read_object =
        version_ >= version_with_large_object_function
            ? "has_largeobject_privilege(oid, 'SELECT')"
            : "(current_setting('lo_compat_privileges')::bool OR pg_has_role(lomowner, 'USAGE') OR EXISTS (SELECT FROM"
              " aclexplode(lomacl) WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_has_role(grantee, "
              "'USAGE'))))";
    return {{"tables", "table", "tables", "cannot be read by user",
             "SELECT n.nspname || '.' || c.relname" + tables + " AND c.relkind <> 'f' AND NOT (" + may_use +
                 " AND has_table_privilege(c.oid, 'SELECT'))",
             read_all},
            {"sequences", "sequence", "sequences", "cannot be read by user",
             "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
             " WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"
             " AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid ="
             " 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AND NOT (" +
                 may_use + " AND has_sequence_privilege(c.oid, 'SELECT'))",
             read_all},
            {"row_security", "table", "tables", "under row policies that bind user",
             "SELECT n.nspname || '.' || c.relname" + tables +
                 " AND c.relkind <> 'f' AND c.relrowsecurity AND row_security_active(c.oid)",
             "ALTER ROLE " + user_sql() + " BYPASSRLS"},
            {"large_objects", "large object", "large objects", "cannot be read by user",
             "SELECT oid::text FROM pg_largeobject_metadata WHERE NOT " + may_read_object,
             "for each: GRANT SELECT ON LARGE OBJECT … TO " + user_sql() + "; or connect as a superuser"}};
  }

  std::string user_sql() const { return printable(pg_quoted(user_)); }

  const SourceWorld& world_;
  const PostgresSpec& spec_;
  const std::stop_token stop_;
  PgParameters parameters_;
  std::string user_;
  int version_ = 0;
  std::vector<SourceFinding> found_;
};

}  // namespace

std::vector<SourceFinding> examine_postgres(const SourceWorld& world, const PostgresSpec& spec, std::stop_token stop) {
  return Examination(world, spec, std::move(stop)).run();
}

}  // namespace hf
