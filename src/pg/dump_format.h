// PgDump: PostgreSQL's custom archive format, as pg_dump -Fc writes and pg_restore reads it.
//
// An archive is a head, a table of contents and blocks of data, each of which names the entry that it belongs to. The
// format is defined by PostgreSQL's source alone: src/bin/pg_dump/pg_backup_archiver.c (ReadHead, WriteHead, ReadToc,
// WriteToc, ReadInt, ReadStr, ReadOffset) and pg_backup_custom.c (_StartData, _StartLOs, _readBlockHeader). Versions
// 1.12 (PostgreSQL 9.0) to 1.16 (17, 18), integers of 4 bytes and offsets of 8, as every machine of today writes them.
//
// What is read is not trusted: every length is held against what is left of the file before anything is allocated, and
// what encode() would not write again byte for byte is Corrupt.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_range.h"

namespace hf {

enum class PgDumpCompression : uint8_t { None = 0, Gzip = 1, Lz4 = 2, Zstd = 3 };

struct PgDumpHead {
  uint8_t minor = 14, revision = 0;  // of version 1
  int64_t level = 0;                 // up to 1.14: of zlib, 0: not compressed, -1: its default
  uint8_t algorithm = 0;             // from 1.15: PgDumpCompression
  std::array<int64_t, 7> time{};     // second, minute, hour, day, month - 1, year - 1900, daylight saving: local time
  std::optional<std::string> database, server_version, dump_version;

  // Unsupported for an algorithm that PostgreSQL may have and this version does not know.
  Result<PgDumpCompression> compression() const;
  void set_compression(PgDumpCompression compression);
};

enum class PgDumpSection : uint8_t { None = 1, PreData = 2, Data = 3, PostData = 4 };

// Where an entry's data is.
enum class PgDumpDataState : uint8_t { NotSet = 1, Set = 2, NoData = 3 };

struct PgDumpEntry {
  using Text = std::optional<std::string>;  // nothing: a null pointer, which is not the empty string

  int64_t dump_id = 0;
  int64_t has_dumper = 0;  // 1: it has data
  Text table_oid, oid;
  Text tag, description;  // "users", "TABLE DATA"
  int64_t section = 0;    // PgDumpSection
  Text definition, drop, copy;
  Text schema, tablespace;
  Text table_am;        // from 1.14
  int64_t relkind = 0;  // from 1.16
  Text owner, with_oids;
  std::vector<std::string> dependencies;
  PgDumpDataState data_state = PgDumpDataState::NoData;
  uint64_t data_offset = 0;

  bool is(std::string_view what) const { return description && *description == what; }
};

struct PgDump {
  PgDumpHead head;
  std::vector<PgDumpEntry> entries;
};

// Head and table of contents; as long for any value of the offsets.
Bytes encode(const PgDump& archive);

struct PgDumpBlock {
  enum class Type : uint8_t { Data = 1, LargeObjects = 3 };
  Type type = Type::Data;
  int64_t dump_id = 0;
  uint64_t offset = 0, length = 0;  // of all of it, its head included
  uint64_t objects = 0;             // LargeObjects: how many
};

struct PgOpenDump {
  PgDump archive;
  uint64_t data_offset = 0;
  // In the order of the file; each belongs to an entry of its own.
  std::vector<PgDumpBlock> blocks;
};

bool looks_like_pg_dump(BytesView first);  // the first five bytes or more
// Head and table of contents at the beginning of `file`, and where they end.
Result<PgOpenDump> read_pg_dump_contents(const ByteRange& file);
// The same, and goes through the blocks to the end of the file, which must be that of the last one. Entries with data
// have a block each: Corrupt for an archive that was cut short.
Result<PgOpenDump> read_pg_dump(const ByteRange& file);

// Its parts, each from where the last one ended.
class PgDumpCursor;
Result<PgDumpHead> read_pg_dump_head(PgDumpCursor& in);
Result<PgDumpEntry> read_pg_dump_entry(PgDumpCursor& in, uint8_t minor);

// An integer and a string as the format has them, for who writes blocks.
void append_pg_dump_int(Bytes& to, int64_t value);

}  // namespace hf
