// Import: files made by an export, or by pg_dump, tar, sqlite3 and gpg on any machine, as sources of a point.
//
// What is imported is not trusted. A message of gpg is opened first, into a file without a name, and nothing in it is
// looked at before its signature was found good. Names in archives never become names on this machine. An export's
// files are held against its manifest before any of them is read.
#pragma once

#include <list>

#include "backup/backup_run.h"
#include "exchange/export_manifest.h"
#include "exchange/gpg.h"
#include "exchange/spooled_tree.h"
#include "sys/scratch_directory.h"

namespace hf {

enum class ImportKind : uint8_t { Auto, Directory, TarGz, TarGzGpg, PgCustom, Sql, Sqlite, Tar };
std::optional<ImportKind> parse_import_kind(std::string_view name);
std::string import_kinds();  // "auto, dir, …"

struct ImportRequest {
  std::string path;
  std::function<Result<size_t>(BytesSpan)> standard_input;  // for the path "-"
  ImportKind kind = ImportKind::Auto;
  std::string source;  // name of the source; "": from the file's, or the manifest's
  bool allow_unsigned = false;
  std::string signed_by;  // a fingerprint; "": whoever gpg trusts
  GpgOptions gpg;
  std::string scratch;  // an existing directory
  std::vector<SourceKind> kinds;
};

class Import {
 public:
  // KeyMissing: see gpg_open(); also an unsigned message, or one signed by somebody else. Corrupt: damaged, or not what
  // its manifest says. Invalid: it is nothing that can be imported.
  static Result<std::unique_ptr<Import>> open(const SourceWorld& world, ImportRequest request, std::stop_token stop);

  // They refer to this.
  std::vector<NamedSource> take_sources() { return std::move(sources_); }
  const std::optional<ExportManifest>& manifest() const { return manifest_; }  // of an export of ours
  const std::optional<GpgSignature>& signature() const { return signature_; }
  WallTime time() const { return time_; }  // the manifest's, or the file's
  // Removes what was put aside.
  Status finish();

 private:
  // One file of what is imported.
  struct Member {
    std::string name;  // in its directory
    ByteRange bytes;
    WallTime mtime{};
  };
  Import(const SourceWorld& world, ImportRequest request, std::stop_token stop)
      : world_(world), request_(std::move(request)), stop_(std::move(stop)) {}

  Status open_path();
  Status open_directory(Directory& directory);
  Status list_members(Directory& directory, const std::string& below, std::vector<Member>& members);
  Result<ByteRange> open_messages(ByteRange bytes);
  Status judge_signature(const GpgSignature& signature);
  Result<ByteRange> read_standard_input();
  Status add_any(Member member);
  Status add_tar(const Member& member);
  Status add_export(const std::vector<Member>& members, const Member& manifest);
  Status check_member(const ExportedFile& file, const Member& member);
  Status add_exported_source(const SourceRecord& source, const std::vector<Member>& members);
  Status add_tree(const std::string& name, const std::string& kind, ByteRange tar);
  Status add_file_of(const std::string& name, const std::string& kind, const Member& member);
  Result<Spool*> new_spool();
  Result<std::string> put_in_scratch(const Member& member);
  void add(const std::string& name, const std::string& kind, std::unique_ptr<Source> source);
  std::string source_name(const Member& member) const;

  const SourceWorld world_;
  const ImportRequest request_;
  const std::stop_token stop_;
  std::list<Spool> spools_;
  std::list<SpooledTree> trees_;
  std::vector<std::unique_ptr<File>> files_;
  std::optional<ScratchDirectory> scratch_;
  std::optional<ExportManifest> manifest_;
  std::optional<GpgSignature> signature_;
  WallTime time_{};
  std::vector<NamedSource> sources_;
};

}  // namespace hf
