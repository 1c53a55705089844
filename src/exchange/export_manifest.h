// ExportManifest: `manifest.json` of an export: which point it is, and what each file of it is.
//
// It is read by people and by import. What it says of the files is checked against them; whether it says the truth is
// known by the signature of an archive that was signed, and not at all for a plain directory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "repo/manifest.h"

namespace hf {

// What a file of an export is.
enum class ExportPart : uint8_t {
  PgDump,   // a database: pg_restore reads it
  Globals,  // roles of a PostgreSQL server: psql runs it
  Tar,      // a tree of files
  Sqlite,   // a SQLite database
  File,     // a file of a source of another kind; its path in that source is behind the first `/`
};

struct ExportedFile {
  std::string path;  // in the export
  ExportPart part = ExportPart::File;
  std::string source;
  std::string inner;  // its path in the source's tree; PgDump: the database
  uint64_t bytes = 0;
  std::string sha256;
};

struct ExportManifest {
  std::string point, set, host, version;
  WallTime started{}, finished{};
  bool complete = true;
  std::map<std::string, std::string> tags;
  std::vector<SourceRecord> sources;  // name, kind, base, counts, tables, facts, problems; no tree
  std::vector<ExportedFile> files;
};

std::string encode_export_manifest(const ExportManifest& manifest);
// Corrupt unless it is one; Unsupported for a later format.
Result<ExportManifest> decode_export_manifest(std::string_view json);

inline constexpr const char* export_manifest_name = "manifest.json";
inline constexpr const char* export_sums_name = "SHA256SUMS";

// A line as sha256sum writes and checks it.
std::string sum_line(const std::string& sha256, const std::string& path);

}  // namespace hf
