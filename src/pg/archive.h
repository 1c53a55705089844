// PgArchive: an archive of pg_dump's custom format, turned into SQL by pg_restore, which is given no connection.
//
// So every statement is executed by us and every error has its SQLSTATE; and a program that reads what may be hostile
// has neither a password nor a network. As root it runs as another user, from a copy that this user may read.
#pragma once

#include <set>

#include "pg/programs.h"
#include "pg/sql_script.h"

namespace hf {

// One line of the archive's table of contents.
struct PgArchiveItem {
  int id = 0;
  std::string type;        // "TABLE", "FK CONSTRAINT"
  std::string schema;      // "-" for none
  std::string name;        // and, where a space in the owner leaves no choice, a part of that
  std::string text;        // type, schema, name and owner as listed
  std::vector<int> needs;  // ids of what must be there before
};

enum class PgSection : uint8_t { PreData, Data, PostData };

struct PgArchiveRead {
  std::vector<PgSection> sections;
  bool create_database = false;
  bool clean = false;                      // begin with DROP … IF EXISTS of all that these sections have
  bool no_owner = false;                   // neither owners nor privileges
  const std::vector<int>* only = nullptr;  // ids, in the archive's order; null: everything
};

class PgArchive {
 public:
  // `path` is in `directory`. `room`: a directory of the programs' user, as path, where the copy is put if one is
  // needed. Everything outlives the archive.
  static Result<PgArchive> open(const PgWorld& world, const PgPrograms& programs, Directory& directory,
                                const std::string& path, const std::string& room);

  PgArchive(PgArchive&&) noexcept = default;
  PgArchive& operator=(PgArchive&&) = delete;
  ~PgArchive();  // removes what it put into the room

  // `schemas`: those that are known, for lines that do not say where a name ends.
  Result<std::vector<PgArchiveItem>> list(const std::set<std::string>& schemas, std::stop_token stop);
  // Corrupt: pg_restore cannot read it. Else the visitor's errors.
  Status read(const PgArchiveRead& what, SqlScriptVisitor& visitor, std::stop_token stop);

 private:
  PgArchive(const PgWorld& world, const PgPrograms& programs, std::unique_ptr<Directory> room, std::string room_path)
      : world_(world), programs_(programs), room_(std::move(room)), room_path_(std::move(room_path)) {}
  std::string new_name();
  Status run(std::vector<std::string> arguments, const std::function<Status(BytesView)>& take, std::stop_token stop);
  Result<std::string> write_list(const std::vector<int>& only);

  PgWorld world_;
  PgPrograms programs_;
  std::unique_ptr<Directory> room_;
  std::string room_path_;
  std::vector<std::string> files_;  // in the room; the first is the archive
};

// What `pg_restore --list --verbose` prints.
std::vector<PgArchiveItem> parse_archive_list(std::string_view text, std::set<std::string> schemas);

}  // namespace hf
