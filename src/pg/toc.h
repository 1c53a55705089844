// PgToc: what stands in `toc.json` of a database in a point of a postgres source.
//
// It is the last file of its database: a tree without it is not whole. docs/POSTGRES.md describes the tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace hf {

struct PgTocTable {
  std::string schema, name;
  std::string file;                  // relative to the database's directory: "tables/public/users.copy"
  std::vector<std::string> columns;  // in the order of the file; empty: COPY takes no list
  uint64_t rows = 0;
  Bytes digest;  // PgRowDigest
};

struct PgToc {
  std::string database, encoding, collate, ctype;
  int server_version = 0;  // 150020
  std::string snapshot_lsn;
  std::string taken;  // RFC 3339
  uint64_t large_objects = 0;
  uint64_t schema_bytes = 0;       // of schema.dump, as pg_dump wrote it
  std::string schema_digest;       // BLAKE3-256 of it, hex
  std::vector<PgTocTable> tables;  // in the order of their files
};

std::string encode_toc(const PgToc& toc);
// Corrupt unless it is one of format 1.
Result<PgToc> decode_toc(std::string_view json);

}  // namespace hf
