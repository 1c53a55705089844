// SqlGuard: what a plain SQL script wants of psql, looked at before psql sees it.
//
// It reads quotes as psql does while standard_conforming_strings is on; a script that turns it off could make the two
// differ, so psql's own restricted mode is what protects, and this says early, and by name, why a script is refused.
#pragma once

#include "pg/sql_script.h"

namespace hf {

class SqlGuard final : public SqlScriptVisitor {
 public:
  // Refused: a line with another command than \restrict and \unrestrict, with the number of that line.
  Status feed(BytesView bytes);
  Status finish();
  uint64_t statements() const { return statements_; }
  // Whether what was fed since the last call had a command: such a line is not for psql, which is restricted by us.
  bool take_had_command() { return std::exchange(had_command_, false); }

  Status statement(const SqlEntry&, std::string_view) override {
    ++statements_;
    return {};
  }
  Status rows(BytesView) override { return {}; }
  Status rows_end() override { return {}; }
  Status meta_command(std::string_view text) override;

 private:
  SqlScript script_{*this};
  uint64_t statements_ = 0;
  bool had_command_ = false;
};

}  // namespace hf
