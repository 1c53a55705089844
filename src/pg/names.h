// Names of databases, schemas, tables and columns: as names of files, and as SQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hf {

// Every byte outside [A-Za-z0-9_.-], and a dot that leads, as %XX. Different names give different file names, and a
// name of PostgreSQL (63 bytes) one of at most 189.
std::string pg_file_name(std::string_view name);
// The name that pg_file_name() made the file name of; nothing if it made none such.
std::optional<std::string> pg_name_of_file(std::string_view file_name);

// "name", as SQL and psql's patterns read it.
std::string pg_quoted(std::string_view name);
std::string pg_quoted(std::string_view schema, std::string_view name);  // "schema"."name"
// 'text', whatever standard_conforming_strings says.
std::string pg_literal(std::string_view text);
// ("a", "b"); empty for no columns, which COPY takes for all that are stored.
std::string pg_column_list(const std::vector<std::string>& columns);

}  // namespace hf
