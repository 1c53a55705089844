#include "pg/copy_statement.h"

#include "pg/names.h"

namespace hf {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool take(std::string_view expected) {
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  std::optional<std::string> name() {
    std::string name;
    if (take("\"")) {
      while (!text_.empty()) {
        const char c = text_.front();
        text_.remove_prefix(1);
        if (c == '"' && !take("\"")) return name.empty() ? std::nullopt : std::optional(name);
        name += c;
      }
      return std::nullopt;
    }
    while (!text_.empty() && is_plain(text_.front())) {
      name += text_.front();
      text_.remove_prefix(1);
    }
    return name.empty() ? std::nullopt : std::optional(name);
  }
  bool is_at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

}  // namespace

std::string format_copy_statement(const PgCopyStatement& statement) {
  const std::string table =
      statement.schema.empty() ? pg_quoted(statement.table) : pg_quoted(statement.schema, statement.table);
  return "COPY " + table + " " + pg_column_list(statement.columns) + " FROM stdin;\n";
}

std::optional<PgCopyStatement> parse_copy_statement(std::string_view text) {
  Reader in(text);
  PgCopyStatement statement;
  if (!in.take("COPY ")) return std::nullopt;
  std::optional<std::string> name = in.name();
  if (name && in.take(".")) {
    statement.schema = std::move(*name);
    name = in.name();
  }
  if (!name || !in.take(" ")) return std::nullopt;
  statement.table = std::move(*name);
  if (in.take("(")) {
    do {
      std::optional<std::string> column = in.name();
      if (!column) return std::nullopt;
      statement.columns.push_back(std::move(*column));
    } while (in.take(", "));
    if (!in.take(")")) return std::nullopt;
  }
  if (!in.take(" FROM stdin;\n") || !in.is_at_end()) return std::nullopt;
  return statement;
}

}  // namespace hf
