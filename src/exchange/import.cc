#include "exchange/import.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "crypto/hash.h"
#include "exchange/expected_source.h"
#include "exchange/postgres_import.h"
#include "exchange/tree_source.h"
#include "pg/dump_format.h"
#include "source/sql.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::array<std::string_view, 8> kind_names = {"auto",      "dir", "tar.gz", "tar.gz.gpg",
                                                        "pg-custom", "sql", "sqlite", "tar"};
constexpr size_t layers_max = 3, head_bytes = 512;
constexpr uint64_t manifest_bytes_max = 1u << 30;
constexpr Duration budget = std::chrono::hours(24 * 30);
constexpr std::string_view sqlite_magic("SQLite format 3\0", 16);

Result<Bytes> head_of(const ByteRange& bytes) {
  Bytes head(std::min<uint64_t>(bytes.size, head_bytes));
  head.resize(HF_TRY(bytes.read_at(0, head)));
  return head;
}

bool is_tar(BytesView head) {
  const std::string_view text = as_text(head);
  if (text.size() >= 262 && text.substr(257, 5) == "ustar") return true;
  for (const std::string_view magic : {std::string_view("\x1f\x8b", 2),
                                       std::string_view("\xfd"
                                                        "7zXZ\0",
                                                        6),
                                       std::string_view("\x28\xb5\x2f\xfd", 4), std::string_view("BZh", 3)})
    if (text.starts_with(magic)) return true;
  return false;
}

bool is_text(BytesView head) {
  return std::none_of(head.begin(), head.end(), [](std::byte b) { return b == std::byte{0}; });
}

ImportKind look_at(BytesView head) {
  if (looks_like_pg_dump(head)) return ImportKind::PgCustom;
  if (as_text(head).starts_with(sqlite_magic)) return ImportKind::Sqlite;
  if (is_tar(head)) return ImportKind::Tar;
  if (looks_like_openpgp(head)) return ImportKind::TarGzGpg;
  if (!head.empty() && is_text(head)) return ImportKind::Sql;
  return ImportKind::Auto;
}

std::string last_component(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<std::string> read_text(const ByteRange& bytes) {
  if (bytes.size > manifest_bytes_max) return Error(Code::Corrupt, "manifest.json is larger than it can be");
  std::string text;
  const auto take = [&](BytesView block) -> Status {
    text += as_text(block);
    return {};
  };
  HF_TRY(each_block(bytes, take));
  return text;
}

}  // namespace

std::optional<ImportKind> parse_import_kind(std::string_view name) {
  const auto found = std::find(kind_names.begin(), kind_names.end(), name);
  if (found == kind_names.end()) return std::nullopt;
  return static_cast<ImportKind>(found - kind_names.begin());
}

std::string import_kinds() {
  return join({kind_names.begin(), kind_names.end()}, ", ");
}

Result<std::unique_ptr<Import>> Import::open(const SourceWorld& world, ImportRequest request, std::stop_token stop) {
  std::unique_ptr<Import> import(new Import(world, std::move(request), std::move(stop)));
  HF_TRY(import->open_path());
  if (import->sources_.empty()) return Error(Code::Invalid, "there is nothing in it to import");
  if (!import->request_.source.empty()) {
    if (import->sources_.size() > 1)
      return Error(Code::Invalid, "--source names one source, and this has " + std::to_string(import->sources_.size()));
    import->sources_.front().name = import->request_.source;
  }
  return import;
}

Status Import::open_path() {
  if (request_.path == "-") {
    time_ = world_.env.clock.wall();
    const ByteRange bytes = HF_TRY(read_standard_input());
    const ByteRange opened = HF_TRY(open_messages(bytes));
    return add_any({.name = "input", .bytes = opened, .mtime = time_});
  }
  const std::string path = HF_TRY(world_.fs.absolute(request_.path));
  const size_t slash = path.rfind('/');
  const std::unique_ptr<Directory> parent = HF_TRY(world_.fs.open_directory(slash == 0 ? "/" : path.substr(0, slash)));
  const std::string name = path.substr(slash + 1);
  const FileInfo info = HF_TRY(parent->info(name));
  time_ = info.mtime;
  if (info.type == FileType::Directory) {
    const std::unique_ptr<Directory> directory = HF_TRY(parent->open_directory(name));
    return open_directory(*directory);
  }
  if (request_.kind == ImportKind::Directory)
    return Error(Code::Invalid, printable(request_.path) + " is not a directory");
  if (info.type != FileType::File)
    return Error(Code::Invalid, printable(request_.path) + " is neither a file nor a directory");
  files_.push_back(HF_TRY(parent->open_file(name)));
  const ByteRange bytes = HF_TRY(range_of(*files_.back()));
  const ByteRange opened = HF_TRY(open_messages(bytes));
  return add_any({.name = name, .bytes = opened, .mtime = info.mtime});
}

Result<Spool*> Import::new_spool() {
  spools_.push_back(HF_TRY(Spool::make(world_.fs, world_.env.entropy, request_.scratch)));
  return &spools_.back();
}

Result<ByteRange> Import::read_standard_input() {
  Spool& spool = *HF_TRY(new_spool());
  Bytes block(256 << 10);
  for (;;) {
    if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
    const size_t got = HF_TRY(request_.standard_input(block));
    if (got == 0) return spool.all();
    HF_TRY(spool.add(BytesView(block).first(got)));
  }
}

// A message may be in a message: signed by one run of gpg what another one has encrypted. One good signature around or
// inside is enough: what it covers is what comes out.
Result<ByteRange> Import::open_messages(ByteRange bytes) {
  bool was_message = false;
  for (size_t layer = 0;; ++layer) {
    const Bytes head = HF_TRY(head_of(bytes));
    const bool is_message = look_at(head) == ImportKind::TarGzGpg;
    if (layer == 0 && request_.kind == ImportKind::TarGzGpg && !is_message)
      return Error(Code::Invalid, "it is no message of gpg");
    if (!is_message) break;
    if (layer == layers_max) return Error(Code::Invalid, "it is a message in a message in a message, and so on");
    was_message = true;
    Spool& spool = *HF_TRY(new_spool());
    const GpgOpened opened = HF_TRY(gpg_open(
        world_.process, request_.gpg, bytes, [&](BytesView out) { return spool.add(out); },
        Deadline(world_.env.clock, budget), stop_));
    if (opened.signature) HF_TRY(judge_signature(*opened.signature));
    bytes = spool.all();
  }
  if (was_message && !signature_ && !request_.allow_unsigned)
    return Error(Code::KeyMissing, "it is not signed: anybody can have made it")
        .with_hint("--unsigned imports it nevertheless, and the point says so");
  if (!was_message && !request_.signed_by.empty())
    return Error(Code::KeyMissing, "it is not signed, and --signed-by wants it to be");
  return bytes;
}

Status Import::judge_signature(const GpgSignature& signature) {
  if (!request_.signed_by.empty()) {
    std::string wanted = request_.signed_by;
    std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (wanted != signature.fingerprint && wanted != signature.primary)
      return Error(Code::KeyMissing, "it is signed by another key: " + signature.primary);
  } else if (!signature.is_trusted && !request_.allow_unsigned) {
    return Error(Code::KeyMissing, "it is signed by a key that gpg does not trust: " + signature.primary)
        .with_hint("if that is who should have signed it: --signed-by " + signature.primary);
  }
  signature_ = signature;
  return {};
}

std::string Import::source_name(const Member& member) const {
  std::string name = last_component(member.name);
  for (const char* end : {".gpg", ".gz", ".xz", ".zst", ".bz2", ".tar", ".tgz", ".dump", ".sql"})
    if (name.size() > std::string_view(end).size() && name.ends_with(end))
      name.resize(name.size() - std::string_view(end).size());
  return name;
}

void Import::add(const std::string& name, const std::string& kind, std::unique_ptr<Source> source) {
  std::string unique = name;
  const auto is_taken = [&] {
    return std::any_of(sources_.begin(), sources_.end(),
                       [&](const NamedSource& other) { return other.name == unique; });
  };
  for (int number = 2; is_taken(); ++number) unique = name + "-" + std::to_string(number);
  sources_.push_back({.name = unique, .kind = kind, .source = std::move(source)});
}

// A file on its own: what it is shows in its first bytes.
Status Import::add_any(Member member) {
  ImportKind kind = request_.kind;
  if (kind == ImportKind::TarGz) kind = ImportKind::Tar;
  if (kind == ImportKind::Auto || kind == ImportKind::TarGzGpg || kind == ImportKind::Directory)
    kind = look_at(HF_TRY(head_of(member.bytes)));
  const std::string name = source_name(member);
  switch (kind) {
    case ImportKind::PgCustom:
      add(name, "postgres", make_postgres_import(world_, {.dumps = {member.bytes}, .globals = std::nullopt}));
      return {};
    case ImportKind::Sqlite:
      return add_file_of(name, "sqlite", member);
    case ImportKind::Tar:
      return add_tar(member);
    case ImportKind::Sql:
      add(name, "sql", make_sql_source(world_, last_component(member.name), member.bytes, member.mtime));
      return {};
    default:
      return Error(Code::Invalid, printable(member.name) + " is nothing that can be imported")
          .with_hint("--kind says what it is: " + import_kinds());
  }
}

Status Import::add_tar(const Member& member) {
  Spool& spool = *HF_TRY(new_spool());
  trees_.push_back(HF_TRY(spool_tar(member.bytes, spool, stop_).during("read " + printable(member.name))));
  const SpooledTree& tree = trees_.back();
  // An export is one directory with its manifest; anything else is files.
  std::string top;
  const SpooledEntry* manifest = tree.find(export_manifest_name);
  if (manifest == nullptr && tree.entries.size() > 1) {
    top = tree.entries[1].entry.path + "/";
    manifest = tree.find(top + export_manifest_name);
  }
  std::vector<Member> members;
  for (const SpooledEntry& entry : tree.entries)
    if (entry.entry.info.type == FileType::File && entry.entry.path.starts_with(top))
      members.push_back({.name = entry.entry.path.substr(top.size()),
                         .bytes = spool.range(entry.begin, entry.entry.info.size),
                         .mtime = entry.entry.info.mtime});
  for (const Member& candidate : members)
    if (manifest != nullptr && candidate.name == export_manifest_name) {
      const std::string text = HF_TRY(read_text(candidate.bytes));
      if (text.find("holdfast/export/") != text.npos) return add_export(members, candidate);
    }
  add(source_name(member), "files", make_tree_source(tree, spool));
  return {};
}

Status Import::list_members(Directory& directory, const std::string& below, std::vector<Member>& members) {
  for (const DirectoryEntry& entry : HF_TRY(directory.entries())) {
    const FileInfo info = HF_TRY(directory.info(entry.name));
    if (info.type == FileType::Directory) {
      const std::unique_ptr<Directory> inner = HF_TRY(directory.open_directory(entry.name));
      HF_TRY(list_members(*inner, below + entry.name + "/", members));
    } else if (info.type == FileType::File) {
      files_.push_back(HF_TRY(directory.open_file(entry.name)));
      members.push_back({.name = below + entry.name, .bytes = HF_TRY(range_of(*files_.back())), .mtime = info.mtime});
    }
  }
  return {};
}

Status Import::open_directory(Directory& directory) {
  if (request_.kind != ImportKind::Auto && request_.kind != ImportKind::Directory)
    return Error(Code::Invalid, printable(request_.path) + " is a directory").with_hint("leave --kind out");
  if (!request_.signed_by.empty()) return Error(Code::KeyMissing, "it is not signed, and --signed-by wants it to be");
  std::vector<Member> members;
  HF_TRY(list_members(directory, "", members));
  for (const Member& member : members)
    if (member.name == export_manifest_name) return add_export(members, member);
  // A directory as in runbooks: each file is a source.
  for (Member& member : members) {
    if (member.name.find('/') != member.name.npos)
      return Error(Code::Invalid, "the directory has no manifest.json, and more than files: " + printable(member.name))
          .with_hint("back it up with files:" + printable(request_.path));
    HF_TRY(add_any(std::move(member)));
  }
  return {};
}

Status Import::check_member(const ExportedFile& file, const Member& member) {
  const std::string what = printable(file.path) + " is not what the manifest says";
  if (member.bytes.size != file.bytes) return Error(Code::Corrupt, what + ": it has another length");
  Sha256Stream hash;
  const auto take = [&](BytesView bytes) -> Status {
    if (stop_.stop_requested()) return Error(Code::Cancelled, "interrupted");
    hash.update(bytes);
    return {};
  };
  HF_TRY(each_block(member.bytes, take));
  return hash.finish().hex() == file.sha256 ? Status() : Status(Error(Code::Corrupt, what + ": it has other bytes"));
}

Status Import::add_export(const std::vector<Member>& members, const Member& manifest) {
  const std::string text = HF_TRY(read_text(manifest.bytes));
  manifest_ = HF_TRY(decode_export_manifest(text));
  time_ = manifest_->finished;
  for (const ExportedFile& file : manifest_->files) {
    const auto member =
        std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == file.path; });
    if (member == members.end()) return Error(Code::Corrupt, "the export lacks " + printable(file.path));
    HF_TRY(check_member(file, *member));
  }
  for (const SourceRecord& source : manifest_->sources)
    HF_TRY(add_exported_source(source, members).during("source " + printable(source.name)));
  return {};
}

Status Import::add_exported_source(const SourceRecord& source, const std::vector<Member>& members) {
  std::vector<std::pair<const ExportedFile*, const Member*>> files;
  for (const ExportedFile& file : manifest_->files) {
    if (file.source != source.name) continue;
    files.emplace_back(
        &file, &*std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == file.path; }));
  }
  std::vector<ByteRange> dumps;
  std::optional<ByteRange> globals;
  std::vector<PlainMember> plain;
  for (const auto& [file, member] : files) {
    if (file->part == ExportPart::PgDump) dumps.push_back(member->bytes);
    if (file->part == ExportPart::Globals) globals = member->bytes;
    if (file->part == ExportPart::File) plain.push_back({file->inner, member->bytes, member->mtime});
    if (file->part == ExportPart::Tar) HF_TRY(add_tree(source.name, source.kind, member->bytes));
    if (file->part == ExportPart::Sqlite) {
      Member named = *member;
      named.name = file->inner;
      HF_TRY(add_file_of(source.name, source.kind, named));
    }
  }
  // Of an export that had been imported from elsewhere the rows are still as somebody else dumped them.
  const bool is_ours = !source.facts.contains("foreign_archive");
  if (!dumps.empty())
    add(source.name, source.kind,
        make_postgres_import(world_, {.dumps = std::move(dumps), .globals = globals, .is_ours = is_ours}));
  if (!plain.empty()) add(source.name, source.kind, make_members_source(world_, std::move(plain)));
  if (sources_.empty() || sources_.back().name != source.name)
    return Error(Code::Corrupt, "the export has no file of it");
  sources_.back().source = expect_source(std::move(sources_.back().source), source);
  return {};
}

Status Import::add_tree(const std::string& name, const std::string& kind, ByteRange tar) {
  Spool& spool = *HF_TRY(new_spool());
  trees_.push_back(HF_TRY(spool_tar(std::move(tar), spool, stop_)));
  add(name, kind, make_tree_source(trees_.back(), spool));
  return {};
}

// SQLite opens databases by a name of its own.
Result<std::string> Import::put_in_scratch(const Member& member) {
  if (!scratch_)
    scratch_.emplace(HF_TRY(ScratchDirectory::make(world_.env, world_.fs, request_.scratch, "holdfast-import-")));
  const std::string place = std::to_string(sources_.size());
  const std::string name = last_component(member.name);
  const std::unique_ptr<Directory> top = HF_TRY(world_.fs.open_directory(scratch_->path()));
  HF_TRY(top->create_directory(place, 0700));
  const std::unique_ptr<File> file = HF_TRY(top->create_file(place + "/" + name, 0600));
  uint64_t at = 0;
  const auto take = [&](BytesView bytes) -> Status {
    HF_TRY(file->write_at(at, bytes));
    at += bytes.size();
    return {};
  };
  HF_TRY(each_block(member.bytes, take));
  HF_TRY(top->set_mtime(place + "/" + name, member.mtime));
  return scratch_->path() + "/" + place + "/" + name;
}

Status Import::add_file_of(const std::string& name, const std::string& kind, const Member& member) {
  const auto found =
      std::find_if(request_.kinds.begin(), request_.kinds.end(), [&](const SourceKind& k) { return k.name == kind; });
  if (found == request_.kinds.end())
    return Error(Code::Unsupported, "this version has no sources of kind " + printable(kind));
  const std::string path = HF_TRY(put_in_scratch(member));
  add(name, kind, HF_TRY(found->open(world_, name, {{"path", {path}}})));
  return {};
}

Status Import::finish() {
  sources_.clear();
  return scratch_ ? scratch_->remove() : Status();
}

}  // namespace hf
