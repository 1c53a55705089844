#include "pg/load_steps.h"

#include <algorithm>

#include "base/task_group.h"
#include "pg/load_rows.h"
#include "pg/sqlstate.h"
#include "pg/words.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::string_view deadlock = "40P01";
constexpr int tries_max = 20;

enum class Together : uint8_t { Alone, Keys, ForeignKeys, Statistics, Remarks };

Together together(std::string_view type) {
  if (type == "INDEX" || type == "CONSTRAINT") return Together::Keys;
  if (type == "FK CONSTRAINT") return Together::ForeignKeys;
  if (type == "ANALYZE") return Together::Statistics;
  // They stand behind each single index, and can as well wait for all of them.
  if (type == "COMMENT") return Together::Remarks;
  return Together::Alone;
}

using TableName = std::pair<std::string, std::string>;  // its schema's, its own

// Whose key it is, if that stands where pg_dump writes it: names are always qualified there.
std::optional<TableName> table_of_key(std::string_view text) {
  SqlWords words(text);
  const auto take = [&](std::string_view keyword) {
    SqlWords ahead = words;
    const bool is_it = !ahead.at_end() && !SqlWords(ahead).next_place().is_quoted && ahead.next() == keyword;
    if (is_it) words = ahead;
    return is_it;
  };
  if (take("create")) {
    take("unique");
    if (!take("index")) return std::nullopt;
    words.next();  // its own name
    if (!take("on")) return std::nullopt;
  } else if (!take("alter") || !take("table")) {
    return std::nullopt;
  }
  take("only");
  const std::string schema = words.next();
  return TableName{schema, words.next()};
}

using Batch = std::vector<const PgSteps::Step*>;

Status run_together(Env env, const Batch& batch, const PgSteps& steps, const PgStepsRequest& request, PgLoadLog& log,
                    const std::stop_token& stop) {
  std::atomic<size_t> next{0};
  TaskGroup group;
  const std::stop_callback pass_on(stop, [&] { group.request_stop(); });
  const size_t threads = std::min<size_t>(std::max(1U, request.connections), batch.size());
  for (size_t i = 0; i < threads; ++i) {
    group.start("indexes", [&](std::stop_token token) -> Status {
      const std::unique_ptr<PgConnection> connection = HF_TRY(open_loading(env, request.parameters, token));
      for (const std::string& setting : steps.settings()) HF_TRY(connection->run(setting));
      for (size_t at = next++; at < batch.size(); at = next++)
        HF_TRY(run_step(*connection, *batch[at], request.go_on, log));
      return {};
    });
  }
  return group.join();
}

}  // namespace

Status PgSteps::statement(const SqlEntry& entry, std::string_view text) {
  if (entry.type.empty()) {
    settings_.emplace_back(text);
    return {};
  }
  if (steps_.empty() || steps_.back().entry.type != entry.type || steps_.back().entry.name != entry.name ||
      steps_.back().entry.schema != entry.schema)
    steps_.push_back({entry, {}});
  steps_.back().statements.emplace_back(text);
  return {};
}

Status PgSteps::rows(BytesView) {
  return Error(Code::Corrupt, "rows where the archive of the schema should have none");
}

std::map<const PgTocTable*, std::vector<PgSteps::Step>> PgSteps::take_keys(
    const std::vector<const PgTocTable*>& tables) {
  std::map<TableName, const PgTocTable*> by_name;
  for (const PgTocTable* table : tables) by_name.emplace(TableName{table->schema, table->name}, table);
  std::map<const PgTocTable*, std::vector<Step>> keys;
  std::vector<Step> rest;
  bool is_first = true;  // of what stands behind something else, that may be needed
  for (Step& step : steps_) {
    const Together kind = together(step.entry.type);
    is_first = is_first && (kind == Together::Keys || kind == Together::Remarks);
    const std::optional<TableName> name =
        is_first && kind == Together::Keys ? table_of_key(step.statements.front()) : std::nullopt;
    const auto table = name ? by_name.find(*name) : by_name.end();
    if (table == by_name.end())
      rest.push_back(std::move(step));
    else
      keys[table->second].push_back(std::move(step));
  }
  steps_ = std::move(rest);
  return keys;
}

Status run_step(PgConnection& connection, const PgSteps::Step& step, bool go_on, PgLoadLog& log) {
  for (const std::string& statement : step.statements) {
    Status status = connection.run(statement);
    for (int tries = 1; !status.ok() && connection.sqlstate() == deadlock && tries < tries_max; ++tries)
      status = connection.run(statement);
    if (!status.ok()) HF_TRY(judge_refusal(connection, step.entry, std::move(status).error(), go_on, log));
  }
  return {};
}

Status run_steps(Env env, const PgSteps& steps, PgConnection& main, const PgStepsRequest& request, PgLoadLog& log,
                 std::stop_token stop) {
  for (const std::string& setting : steps.settings()) HF_TRY(main.run(setting));
  const std::vector<PgSteps::Step>& all = steps.steps();
  for (size_t at = 0; at < all.size();) {
    const Together kind = together(all[at].entry.type);
    if (kind == Together::Alone || kind == Together::Remarks) {
      HF_TRY(run_step(main, all[at++], request.go_on, log));
      continue;
    }
    Batch batch, remarks;
    for (; at < all.size(); ++at) {
      const Together next = together(all[at].entry.type);
      if (next != kind && next != Together::Remarks) break;
      (next == kind ? batch : remarks).push_back(&all[at]);
    }
    HF_TRY(run_together(env, batch, steps, request, log, stop));
    if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
    for (const PgSteps::Step* remark : remarks) HF_TRY(run_step(main, *remark, request.go_on, log));
  }
  return {};
}

std::string shown(const SqlEntry& entry) {
  const std::string place = entry.schema.empty() || entry.schema == "-" ? "" : entry.schema + ".";
  return (entry.type.empty() ? "statement" : entry.type) + " " + printable(place + entry.name);
}

Status judge_refusal(PgConnection& connection, const SqlEntry& entry, Error error, bool go_on, PgLoadLog& log) {
  const std::string state = connection.sqlstate();
  Error said = in_words(std::move(error), state, shown(entry));
  const bool is_alive = !state.empty() && connection.server_version() != 0;
  if (!go_on || !is_alive || said.code() == Code::Cancelled) return said;
  ++log.errors;
  log.note(said.message());
  return {};
}

}  // namespace hf
