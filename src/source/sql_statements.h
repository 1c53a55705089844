// SqlStatements: the statements of a plain SQL script, executed one after the other.
#pragma once

#include "pg/connection.h"
#include "pg/load_log.h"
#include "pg/sql_script.h"

namespace hf {

struct SqlStatementsOptions {
  bool no_owner = false;  // owners and grants are left out
  bool go_on = false;     // what is refused is noted and counted in the log
};

class SqlStatements final : public SqlScriptVisitor {
 public:
  SqlStatements(PgConnection& connection, SqlStatementsOptions options, PgLoadLog& log)
      : connection_(connection), options_(options), log_(log) {}

  // Errors name the line that a statement ends in.
  Status feed(BytesView bytes) { return script_.feed(bytes); }
  Status finish() { return script_.finish(); }

  Status statement(const SqlEntry&, std::string_view text) override;
  Status rows(BytesView bytes) override;
  Status rows_end() override;

 private:
  Status judge(Status status);

  PgConnection& connection_;
  const SqlStatementsOptions options_;
  PgLoadLog& log_;
  SqlScript script_{*this};
  bool is_copying_ = false;
};

}  // namespace hf
