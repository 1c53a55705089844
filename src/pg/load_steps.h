// PgSteps: statements of a script by what they belong to, run in their order, and side by side where that is safe.
#pragma once

#include <map>

#include "base/env.h"
#include "pg/connection.h"
#include "pg/load_log.h"
#include "pg/sql_script.h"
#include "pg/toc.h"

namespace hf {

// Collects a script: memory grows with the schema, not with the data.
class PgSteps final : public SqlScriptVisitor {
 public:
  struct Step {
    SqlEntry entry;
    std::vector<std::string> statements;
  };
  Status statement(const SqlEntry& entry, std::string_view text) override;
  Status rows(BytesView) override;
  Status rows_end() override { return {}; }

  // Takes out the indexes and keys of these tables that need nothing but the table and its rows.
  std::map<const PgTocTable*, std::vector<Step>> take_keys(const std::vector<const PgTocTable*>& tables);

  const std::vector<std::string>& settings() const { return settings_; }  // those before the first entry
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<std::string> settings_;
  std::vector<Step> steps_;
};

// One step; a deadlock with another session is tried again.
Status run_step(PgConnection& connection, const PgSteps::Step& step, bool go_on, PgLoadLog& log);

struct PgStepsRequest {
  PgParameters parameters;
  unsigned connections = 2;
  bool go_on = false;  // what the server refuses becomes a note
};

// Neighbours of one kind that cannot need each other (indexes and keys, foreign keys, ANALYZE) are run over several
// connections, all else by `main`.
Status run_steps(Env env, const PgSteps& steps, PgConnection& main, const PgStepsRequest& request, PgLoadLog& log,
                 std::stop_token stop);

// "TABLE public.users"
std::string shown(const SqlEntry& entry);
// What the server said of a statement: an error in words, or with `go_on` a note. A connection that broke is always an
// error.
Status judge_refusal(PgConnection& connection, const SqlEntry& entry, Error error, bool go_on, PgLoadLog& log);

}  // namespace hf
