#include "source/sql_statements.h"

#include "pg/named_roles.h"
#include "pg/sqlstate.h"

namespace hf {

Status SqlStatements::statement(const SqlEntry&, std::string_view text) {
  if (options_.no_owner && is_about_owners(text)) return {};
  if (!is_copy_from_stdin(text)) return judge(connection_.run(std::string(text)));
  Status begun = connection_.begin_copy_in(std::string(text));
  is_copying_ = begun.ok();
  return judge(std::move(begun));
}

// Rows of a COPY that was refused belong to nothing.
Status SqlStatements::rows(BytesView bytes) {
  if (!is_copying_) return {};
  log_.bytes += bytes.size();
  return connection_.put_copy(bytes);
}

Status SqlStatements::rows_end() {
  if (!is_copying_) return {};
  is_copying_ = false;
  const Result<uint64_t> rows = connection_.end_copy_in();
  if (!rows.ok()) return judge(rows.error().clone());
  log_.rows += rows.value();
  return {};
}

Status SqlStatements::judge(Status status) {
  if (status.ok()) return {};
  const std::string sqlstate = connection_.sqlstate();
  Error error = in_words(std::move(status).error(), sqlstate, "line " + std::to_string(script_.lines()));
  const bool is_refusal = !sqlstate.empty() && error.code() != Code::Unavailable && error.code() != Code::Cancelled;
  // That an object is missing does not mean that the point is.
  if (!options_.go_on && error.code() == Code::NotFound)
    return Error(Code::Failed, error.message()).with_detail(error.detail()).with_hint(error.hint());
  if (!options_.go_on || !is_refusal) return error;
  log_.note(error.message());
  ++log_.errors;
  return {};
}

}  // namespace hf
