#include "app/point_text.h"

#include "backup/backup_run.h"
#include "base/text.h"

namespace hf {

Json proof_document(const std::vector<Proof>& proofs) {
  if (proofs.empty()) return {};
  const Proof& newest = proofs.back();
  return JsonObject()
      .add("level", newest.level)
      .add("status", newest.passed ? "passed" : "failed")
      .add("time", Json::time(newest.time))
      .json();
}

std::string proof_text(const std::vector<Proof>& proofs) {
  if (proofs.empty()) return "-";
  return (proofs.back().passed ? proofs.back().level : "FAILED") + " " + format_date(proofs.back().time);
}

uint64_t bytes_of(const Manifest& manifest) {
  uint64_t bytes = 0;
  for (const SourceRecord& source : manifest.sources) bytes += source.bytes;
  return bytes;
}

namespace {

std::string names_text(const Manifest& manifest, std::string_view between) {
  std::string names = is_whole(manifest) ? "" : "only ";
  for (const SourceRecord& source : manifest.sources)
    names.append(&source == &manifest.sources.front() ? "" : between).append(printable(source.name));
  const std::vector<FailedSource> failed = failed_sources(manifest);
  for (const FailedSource& source : failed)
    names.append(&source == &failed.front() ? "; failed: " : between).append(printable(source.name));
  return names;
}

}  // namespace

std::string only_text(const Manifest& manifest) {
  return is_whole(manifest) ? "" : " (" + names_text(manifest, ", ") + ")";
}

std::string sources_text(const Manifest& manifest) {
  return names_text(manifest, " ");
}

JsonObject failure_document(const FailedSource& failed) {
  return JsonObject()
      .add("name", failed.name)
      .add("kind", failed.kind)
      .add("status", "failed")
      .add("bytes", 0)
      .add("files", 0)
      .add("message", failed.why);
}

std::string tags_text(const std::map<std::string, std::string>& tags) {
  std::string text;
  for (const auto& [name, value] : tags)
    if (!is_failed_tag(name)) text += (text.empty() ? "" : " ") + printable(name) + "=" + printable(value);
  return text;
}

std::string_view type_name(FileType type) {
  switch (type) {
    case FileType::File:
      return "file";
    case FileType::Directory:
      return "directory";
    case FileType::Symlink:
      return "symlink";
    case FileType::Fifo:
      return "fifo";
    case FileType::Socket:
      return "socket";
    case FileType::Character:
      return "character";
    case FileType::Block:
      return "block";
    case FileType::Unknown:
      return "unknown";
  }
  return "unknown";
}

std::string mode_text(const FileInfo& info) {
  std::string text = "?";
  switch (info.type) {
    case FileType::File:
      text = "-";
      break;
    case FileType::Directory:
      text = "d";
      break;
    case FileType::Symlink:
      text = "l";
      break;
    case FileType::Fifo:
      text = "p";
      break;
    case FileType::Socket:
      text = "s";
      break;
    case FileType::Character:
      text = "c";
      break;
    case FileType::Block:
      text = "b";
      break;
    case FileType::Unknown:
      break;
  }
  constexpr std::string_view letters = "rwxrwxrwx";
  for (size_t i = 0; i < letters.size(); ++i) text += (info.mode >> (8 - i) & 1) != 0 ? letters[i] : '-';
  const auto special = [&](uint32_t bit, size_t at, char with, char without) {
    if ((info.mode & bit) != 0) text[at] = text[at] == 'x' ? with : without;
  };
  special(04000, 3, 's', 'S');
  special(02000, 6, 's', 'S');
  special(01000, 9, 't', 'T');
  return text;
}

JsonObject entry_document(const Entry& entry, const std::string& path) {
  JsonObject body;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", entry.info.mode & 07777u);
  body.add("path", path).add("type", type_name(entry.info.type)).add("mode", mode);
  // Names are bytes: where they are not text, the exact ones are here.
  if (printable(path) != path) body.add("path_base64", to_base64(as_bytes(path)));
  body.add("size", entry.info.type == FileType::File ? entry.info.size : 0).add("mtime", Json::time(entry.info.mtime));
  body.add("uid", entry.info.uid).add("gid", entry.info.gid).add("user", entry.user).add("group", entry.group);
  if (entry.info.type == FileType::Symlink) body.add("target", entry.target);
  return body;
}

std::string time_text(WallTime time) {
  std::string text = format_time_rfc3339(time);
  if (const size_t t = text.find('T'); t != text.npos) text[t] = ' ';
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

}  // namespace hf
