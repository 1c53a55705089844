// SqlScript: plain SQL as pg_dumpall and pg_restore write it, cut into statements as it comes.
//
// So each statement can be executed by itself, and what the server says of it has a SQLSTATE and a name. What psql
// would do itself (lines that begin with a backslash) is left out: a script cannot make us connect or run anything.
// Rows of COPY … FROM stdin are handed over as they stand.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

// What of an archive a statement belongs to: from the comment before it, so it is for people and for order, and proves
// nothing.
struct SqlEntry {
  std::string type;    // "TABLE", "FK CONSTRAINT"; "" before the first
  std::string schema;  // "-" for none
  std::string name;
};

// Whether rows follow a statement.
bool is_copy_from_stdin(std::string_view statement);

class SqlScriptVisitor {
 public:
  virtual ~SqlScriptVisitor() = default;
  // `text` without the semicolon that ends it. An error ends the reading.
  virtual Status statement(const SqlEntry& entry, std::string_view text) = 0;
  // Rows for the statement before, which is a COPY … FROM stdin; each ends with a newline. Then their end.
  virtual Status rows(BytesView bytes) = 0;
  virtual Status rows_end() = 0;
  // What psql would do itself: from a backslash outside of all quotes to the end of its line. It is left out.
  virtual Status meta_command(std::string_view) { return {}; }
};

// What of text is inside which kind of quotes does not depend on the server: such scripts set
// standard_conforming_strings.
class SqlScript {
 public:
  explicit SqlScript(SqlScriptVisitor& visitor) : visitor_(visitor) {}

  // Corrupt: a statement of more than 1 GiB, which no server takes. Else the visitor's errors.
  Status feed(BytesView bytes);
  // Corrupt: the script ends within a statement or within rows.
  Status finish();
  uint64_t lines() const { return lines_; }  // begun so far: the number of the line at hand

 private:
  enum class Inside : uint8_t { Statement, Quotes, EscapeQuotes, Name, Dollars, Comment, Rows };

  Status line(std::string_view line);  // without its newline
  Status lex(std::string_view line);
  size_t lex_quoted(std::string_view line, size_t at);
  Result<size_t> lex_plain(std::string_view line, size_t at);
  size_t lex_dollar(std::string_view line, size_t at);
  size_t lex_word(std::string_view line, size_t at);
  void open_quotes(std::string_view line, size_t at);
  Status end_statement();
  bool is_between_statements() const;
  void read_entry(std::string_view comment);

  SqlScriptVisitor& visitor_;
  uint64_t lines_ = 0;
  SqlEntry entry_;
  std::string line_;       // begun and not ended by what was fed
  std::string text_;       // of the statement so far
  std::string last_word_;  // of it, in small letters
  Inside inside_ = Inside::Statement;
  std::string dollar_tag_;  // "$body$"
  size_t comments_ = 0, brackets_ = 0, blocks_ = 0;
};

}  // namespace hf
