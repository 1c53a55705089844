// PgCopyStatement: `COPY schema.table (column, …) FROM stdin;` as it stands in an archive's table of contents.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hf {

struct PgCopyStatement {
  std::string schema;  // "": none is named, as before PostgreSQL 10.3
  std::string table;
  std::vector<std::string> columns;
  friend bool operator==(const PgCopyStatement&, const PgCopyStatement&) = default;
};

std::string format_copy_statement(const PgCopyStatement& statement);
// Nothing for a statement of any other form.
std::optional<PgCopyStatement> parse_copy_statement(std::string_view text);

// What pg_dump writes behind a table's rows.
inline constexpr std::string_view pg_rows_end = "\\.\n\n\n";

}  // namespace hf
