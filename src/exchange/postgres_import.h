// PostgresImport: archives of pg_dump -Fc, made by anybody, as a source that gives the tree of a postgres source.
//
// Tables' rows become files of their own, so that they are stored once with those of other points, and are counted and
// digested on the way; all else is in schema.dump. Rows that are no plain COPY of the table (INSERTs, partitions loaded
// through their root) stay in schema.dump. Where the roles are not given, globals.sql makes those that the archives
// name, without passwords. Nothing is put aside.
#pragma once

#include "base/byte_range.h"
#include "source/source.h"

namespace hf {

struct PostgresImportSpec {
  std::vector<ByteRange> dumps;
  std::optional<ByteRange> globals;
  // Made by an export of ours: in sessions whose settings are known, so that the text of rows is what it will be again.
  bool is_ours = false;
};

std::unique_ptr<Source> make_postgres_import(const SourceWorld& world, PostgresImportSpec spec);

// 150020 of "15.20 (Debian 15.20-1)"; 0 if it is none.
int parse_server_version(std::string_view text);

}  // namespace hf
